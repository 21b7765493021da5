//! What the doctor says of terminals, as a table.

use super::*;
use crate::tui::answers::Answer;
use crate::tui::detect::{Environment, Forced, Tmux};

const ANSWERED: Talk = Talk::Answered(Duration::from_micros(12_340));

/// A terminal by its variables and answers, after everything that will come came.
fn evidence(variables: &[(&str, &str)], answers: &[&str]) -> Evidence {
    let value = |name: &str| variables.iter().find(|row| row.0 == name).map(|row| row.1.to_owned());
    let environment = Environment::of(|name| value(name).unwrap_or_default());
    let mut evidence = Evidence { environment, ..Evidence::default() };
    for answer in answers {
        evidence.learn(Answer::parse(answer.as_bytes()).unwrap());
    }
    evidence.complete = true;
    evidence
}

fn report(evidence: &Evidence, talk: Talk) -> Report {
    let config = Ok(("none".to_owned(), "looked for".to_owned()));
    Report::of(evidence, talk, &config, Ok(Duration::from_millis(5)))
}

const KITTY: &[&str] = &[
    "\x1b_Gi=31;OK\x1b\\",
    "\x1bP>|kitty(0.41.1)\x1b\\",
    "\x1b[6;16;8t",
    "\x1b]11;rgb:1010/1010/1414\x1b\\",
    "\x1b[?2026;2$y",
    "\x1b[?62;c",
];

#[test]
fn a_terminal_with_everything_lacks_nothing() {
    let report = report(&evidence(&[("TERM", "xterm-kitty")], KITTY), ANSWERED);
    assert_eq!(report.missing, []);
    let text = report.findings_as_text(usize::MAX);
    let rows = [
        ("terminal", "kitty(0.41.1)", "XTVERSION"),
        ("multiplexer", "none", "neither TMUX, STY nor TERM"),
        ("line", "local", "neither SSH_CONNECTION nor SSH_TTY"),
        ("colours", "24-bit", "XTVERSION"),
        ("background", "dark", "answer to OSC 11: #101014"),
        ("pictures", "kitty", "XTVERSION"),
        ("cell", "8×16 pixels", "answer to CSI 16 t"),
        ("frames", "shown whole", "mode 2026 (DECRQM)"),
        ("round trip", "12.3 ms", "question to last answer"),
        ("configuration", "none", "looked for"),
        ("checkpoints", "read in 5 ms", "the built-in one, in a process of its own"),
    ];
    assert_eq!(text.lines().count(), rows.len(), "{text}");
    for (line, (what, detected, how)) in text.lines().zip(rows) {
        let words: Vec<&str> =
            line.trim().split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        assert_eq!(words, [what, detected, how]);
    }
    assert!(report.missing_as_text().contains("Nothing is missing."));
}

#[test]
fn each_thing_that_is_missing_has_its_remedy() {
    let ssh = ("SSH_CONNECTION", "a 1 b 22");
    let tmux = |passthrough, name: &str, term: &str, features: &str| {
        let (name, term, features) = (name.to_owned(), term.to_owned(), features.to_owned());
        Some(Tmux { passthrough, name, term, features, cell: Some((8, 16)), ..Tmux::default() })
    };
    let in_tmux = [("TERM", "tmux-256color"), ("TMUX", "x")];
    let xterm = ("TERM", "xterm-256color");
    let plain = "\x1b[?62;c";
    let rows: Vec<(Evidence, &[(&str, &str)])> = vec![
        (
            Evidence {
                tmux: tmux(false, "kitty(0.41.1)", "xterm-kitty", "RGB"),
                ..evidence(&in_tmux, &[plain])
            },
            &[("pictures", "`tmux set -g allow-passthrough on`")],
        ),
        (
            Evidence {
                tmux: tmux(true, "kitty(0.41.1)", "xterm-256color", ""),
                ..evidence(&in_tmux, &[plain])
            },
            &[("colours", "`tmux set -as terminal-features ',xterm-256color:RGB'`")],
        ),
        (
            Evidence {
                tmux: tmux(true, "XTerm(379)", "xterm-256color", "RGB"),
                ..evidence(&in_tmux, &[plain])
            },
            &[("pictures", "tmux from 3.4 on shows sixel")],
        ),
        (
            evidence(&[xterm, ssh], &["\x1b[>1;10;0c", plain]),
            &[("colours", "mosh shows 24-bit colour from 1.4 on"), ("pictures", "ssh instead of mosh")],
        ),
        (
            evidence(&[("TERM", "screen.xterm-256color"), ("STY", "1")], &["\x1b[>83;40900;0c", plain]),
            &[("colours", "`truecolor on` in ~/.screenrc"), ("pictures", "without GNU screen")],
        ),
        (
            evidence(&[("TERM", "screen"), ("STY", "1")], &["\x1b[>83;40900;0c", plain]),
            &[
                ("colours", "`term screen-256color` in ~/.screenrc gives 256"),
                ("pictures", "without GNU screen"),
            ],
        ),
        (
            evidence(&[("TERM", "screen-256color"), ssh], &[plain]),
            &[("colours", "where the multiplexer shows"), ("pictures", "multiplexer around ssh")],
        ),
        (
            evidence(&[xterm, ssh], &[plain]),
            &[("colours", "SSH does not carry COLORTERM"), ("pictures", "half-blocks stand in")],
        ),
        (
            evidence(&[xterm, ("COLORTERM", "truecolor")], &["\x1b[?63;4c"]),
            &[("pictures", "nobody says how large a cell is")],
        ),
        (
            evidence(&[xterm, ("COLORTERM", "truecolor")], &["\x1bP>|XTerm(379)\x1b\\", plain]),
            &[("pictures", "`xterm -ti vt340`")],
        ),
        (
            evidence(&[("TERM", "xterm-kitty")], &["\x1bP>|kitty(0.26.5)\x1b\\", plain]),
            &[("pictures", "from 0.28 on")],
        ),
    ];
    for (evidence, expected) in rows {
        let report = report(&evidence, ANSWERED);
        let missing: Vec<_> = report.missing.iter().map(|row| (row.what, row.remedy.as_str())).collect();
        assert_eq!(missing.len(), expected.len(), "{missing:?} and not {expected:?}");
        for ((what, remedy), (expected, words)) in missing.iter().zip(expected) {
            assert!(what == expected && remedy.contains(words), "{missing:?} and not {expected:?}");
        }
    }
}

#[test]
fn what_was_chosen_is_not_missing() {
    let mut chosen = evidence(&[("TERM", "xterm-256color")], &["\x1b[?62;c"]);
    chosen.forced = Forced {
        color: Some(ColorDepth::Indexed),
        graphics: Some(Graphics::Halfblocks),
        background: Some(Background::Light),
        line: None,
    };
    assert_eq!(report(&chosen, ANSWERED).missing, []);
    let mut without = evidence(&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")], KITTY);
    assert_eq!(report(&without, ANSWERED).missing, []);
    without.forced.graphics = Some(Graphics::Sixel);
    without.cell = None;
    let missing = report(&without, ANSWERED).missing;
    assert_eq!(missing.iter().map(|row| row.what).collect::<Vec<_>>(), ["cell"]);
}

#[test]
fn a_terminal_that_was_not_asked_lacks_nothing_that_is_known() {
    let environment = evidence(&[("TERM", "xterm-256color")], &[]);
    let asked = report(&environment, Talk::NotAsked);
    assert!(asked.missing.is_empty() && asked.missing_as_text().contains("was not asked"));
    let dumb = report(&evidence(&[("TERM", "dumb")], &[]), Talk::NotAsked);
    assert_eq!(dumb.missing.iter().map(|row| row.what).collect::<Vec<_>>(), ["terminal"]);
    let silent = report(&environment, Talk::Silent);
    let what: Vec<&str> = silent.missing.iter().map(|row| row.what).collect();
    assert_eq!(what, ["answers", "colours", "pictures"]);
}

#[test]
fn what_is_wrong_elsewhere_is_said_too() {
    let evidence = evidence(&[("TERM", "xterm-kitty")], KITTY);
    let config = Err("c.toml:1:9: theme is auto, dark or light".to_owned());
    let report = Report::of(&evidence, ANSWERED, &config, Err("no\u{9b}process".to_owned()));
    let what: Vec<(&str, &str)> = report.missing.iter().map(|row| (row.what, row.remedy.as_str())).collect();
    assert_eq!(
        what,
        [("configuration", "c.toml:1:9: theme is auto, dark or light"), ("checkpoints", "no\\u{9b}process")]
    );
}

#[test]
fn names_from_outside_steer_nothing_and_lines_are_cut() {
    let name = "\x1bP>|evil\u{9b}2J\u{202e}畳畳畳畳畳畳畳畳畳畳\x1b\\";
    let report = report(&evidence(&[("TERM", "x")], &[name, "\x1b[?62;c"]), ANSWERED);
    let text = report.findings_as_text(40);
    assert!(text.contains("evil\\u{9b}2J\\u{202e}") && !text.contains('\u{9b}'), "{text}");
    assert!(text.lines().all(|line| line.width() <= 40), "{text}");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["findings"][0]["what"], "terminal");
    assert!(json["missing"].as_array().is_some_and(|missing| missing.len() == 2), "{json}");
}
