//! From what is known to what is concluded, as tables.

use super::*;

/// A terminal: its environment, its answers, what tmux says, and what follows.
struct Case {
    what: &'static str,
    variables: &'static [(&'static str, &'static str)],
    answers: &'static [&'static str],
    tmux: Option<[&'static str; 4]>,
    follows: (Multiplexer, ColorDepth, Graphics, Background),
}

use Background::{Dark, Light};
use ColorDepth::{Ansi, Indexed, None as Mono, True};
use Graphics::{Halfblocks, Iterm2, Kitty, Sixel, Unknown};
use Multiplexer::{Either, FarTmux, None as Bare, Screen, Tmux as Here};

const KITTY_OK: &str = "\x1b_Gi=31;OK\x1b\\";
const DARK: &str = "\x1b]11;rgb:1010/1010/1414\x1b\\";
const LIGHT: &str = "\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\";
const KEPT: &str = "\x1bP1$r48:2:1:2:3m\x1b\\";
const CELL: &str = "\x1b[6;16;8t";
const PLAIN: &str = "\x1b[?62;c";
const WITH_SIXEL: &str = "\x1b[?63;1;2;4;6;9;15;16;22;28c";

const CASES: &[Case] = &[
    Case {
        what: "kitty over SSH",
        variables: &[("TERM", "xterm-kitty"), ("SSH_TTY", "/dev/pts/0")],
        answers: &[KITTY_OK, "\x1bP>|kitty(0.41.1)\x1b\\", CELL, DARK, KEPT, PLAIN],
        tmux: None,
        follows: (Bare, True, Kitty, Dark),
    },
    Case {
        what: "kitty before placeholders, light",
        variables: &[("TERM", "xterm-kitty")],
        answers: &[KITTY_OK, "\x1bP>|kitty(0.26.5)\x1b\\", CELL, LIGHT, PLAIN],
        tmux: None,
        follows: (Bare, True, Halfblocks, Light),
    },
    Case {
        what: "xterm with sixel",
        variables: &[("TERM", "xterm-256color")],
        answers: &["\x1bP>|XTerm(379)\x1b\\", "\x1b[>19;379;0c", CELL, LIGHT, KEPT, WITH_SIXEL],
        tmux: None,
        follows: (Bare, True, Sixel, Light),
    },
    Case {
        what: "sixel without a cell's size cannot be placed",
        variables: &[("TERM", "xterm-256color")],
        answers: &[WITH_SIXEL],
        tmux: None,
        follows: (Bare, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "WezTerm",
        variables: &[("TERM", "xterm-256color")],
        answers: &[KITTY_OK, "\x1bP>|WezTerm 20240203\x1b\\", CELL, DARK, WITH_SIXEL],
        tmux: None,
        follows: (Bare, True, Iterm2, Dark),
    },
    Case {
        what: "rxvt says its background in a variable only",
        variables: &[("TERM", "rxvt-unicode-256color"), ("COLORFGBG", "0;default;15")],
        answers: &["\x1b[?1;2c"],
        tmux: None,
        follows: (Bare, Indexed, Halfblocks, Light),
    },
    Case {
        what: "the answer counts more than the variable",
        variables: &[("TERM", "xterm-256color"), ("COLORFGBG", "0;15")],
        answers: &[DARK, PLAIN],
        tmux: None,
        follows: (Bare, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "still asking",
        variables: &[("TERM", "xterm-kitty"), ("COLORFGBG", "15;0")],
        answers: &[KITTY_OK],
        tmux: None,
        follows: (Bare, True, Unknown, Dark),
    },
    Case {
        what: "tmux in kitty, passthrough on",
        variables: &[("TERM", "tmux-256color"), ("TMUX", "/tmp/x"), ("COLORTERM", "truecolor")],
        answers: &["\x1bP>|tmux 3.5a\x1b\\", "\x1b[>84;0;0c", LIGHT, WITH_SIXEL],
        tmux: Some(["on", "kitty(0.41.1)", "xterm-kitty", "RGB,title"]),
        follows: (Here, True, Kitty, Light),
    },
    Case {
        what: "tmux in kitty, passthrough off",
        variables: &[("TERM", "screen-256color"), ("TMUX", "/tmp/x")],
        answers: &["\x1b[>84;0;0c", WITH_SIXEL],
        tmux: Some(["off", "kitty(0.41.1)", "xterm-kitty", "RGB"]),
        follows: (Here, True, Halfblocks, Dark),
    },
    Case {
        what: "tmux that was not told of truecolor",
        variables: &[("TERM", "tmux-256color"), ("TMUX", "/tmp/x"), ("COLORTERM", "truecolor")],
        answers: &["\x1b[?1;2c"],
        tmux: Some(["off", "", "xterm-256color", "title"]),
        follows: (Here, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "tmux at the near end of an SSH line, by TERM",
        variables: &[("TERM", "tmux-256color"), ("SSH_CONNECTION", "a 1 b 22")],
        answers: &["\x1bP>|tmux 3.5a\x1b\\", LIGHT, WITH_SIXEL],
        tmux: None,
        follows: (FarTmux, Indexed, Halfblocks, Light),
    },
    Case {
        what: "tmux at the near end of an SSH line, by its answer alone",
        variables: &[("TERM", "screen-256color")],
        answers: &["\x1b[>84;0;0c", WITH_SIXEL],
        tmux: None,
        follows: (FarTmux, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "tmux under another name",
        variables: &[("TERM", "xterm-256color")],
        answers: &["\x1bP>|tmux 3.5a\x1b\\", "\x1b[>84;0;0c", CELL, WITH_SIXEL],
        tmux: None,
        follows: (FarTmux, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "screen or tmux: no answer tells",
        variables: &[("TERM", "screen-256color")],
        answers: &[PLAIN],
        tmux: None,
        follows: (Either, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "GNU screen in a terminal with truecolor, which it mangles",
        variables: &[("TERM", "screen.xterm-256color"), ("STY", "1.pts"), ("COLORTERM", "truecolor")],
        answers: &["\x1b[>83;40900;0c", "\x1b[?1;2c"],
        tmux: None,
        follows: (Screen, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "GNU screen with few colours",
        variables: &[("TERM", "screen"), ("STY", "1.pts")],
        answers: &["\x1b[?1;2c"],
        tmux: None,
        follows: (Screen, Ansi, Halfblocks, Dark),
    },
    Case {
        what: "GNU screen over SSH",
        variables: &[("TERM", "screen-256color"), ("COLORTERM", "truecolor")],
        answers: &["\x1b[>83;50000;0c", "\x1b[?1;2c"],
        tmux: None,
        follows: (Screen, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "GNU screen that was started in tmux",
        variables: &[("TERM", "screen.tmux-256color"), ("STY", "1.pts"), ("TMUX", "/tmp/x")],
        answers: &["\x1b[>83;40900;0c", "\x1b[?1;2c"],
        tmux: None,
        follows: (Screen, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "mosh swallows the questions",
        variables: &[("TERM", "xterm-256color"), ("SSH_CONNECTION", "a 1 b 22")],
        answers: &["\x1b[>1;10;0c", PLAIN],
        tmux: None,
        follows: (Bare, Indexed, Halfblocks, Dark),
    },
    Case {
        what: "mosh since 1.4, whose user knows it",
        variables: &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("COLORFGBG", "0;15")],
        answers: &["\x1b[>1;10;0c", PLAIN],
        tmux: None,
        follows: (Bare, True, Halfblocks, Light),
    },
    Case {
        what: "the console",
        variables: &[("TERM", "linux")],
        answers: &["\x1b[?6c"],
        tmux: None,
        follows: (Bare, Ansi, Halfblocks, Dark),
    },
    Case {
        what: "a dumb terminal",
        variables: &[("TERM", "dumb"), ("COLORTERM", "truecolor")],
        answers: &["\x1b[?6c"],
        tmux: None,
        follows: (Bare, Mono, Halfblocks, Dark),
    },
    Case {
        what: "no colours wanted",
        variables: &[("TERM", "xterm-kitty"), ("NO_COLOR", "1")],
        answers: &[KITTY_OK, "\x1bP>|kitty(0.41.1)\x1b\\", KEPT, PLAIN],
        tmux: None,
        follows: (Bare, Mono, Kitty, Dark),
    },
];

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::of(|name| {
        variables.iter().find(|row| row.0 == name).map(|row| row.1.to_owned()).unwrap_or_default()
    })
}

fn evidence(case: &Case) -> Evidence {
    let mut evidence = Evidence { environment: environment(case.variables), ..Evidence::default() };
    for answer in case.answers {
        evidence.learn(Answer::parse(answer.as_bytes()).unwrap());
    }
    evidence.tmux = case.tmux.map(|[passthrough, name, term, features]| Tmux {
        passthrough: passthrough == "on",
        name: name.to_owned(),
        term: term.to_owned(),
        features: features.to_owned(),
        cell: Some((8, 16)),
        ..Tmux::default()
    });
    evidence
}

#[test]
fn what_follows_from_what_is_known() {
    for case in CASES {
        let evidence = evidence(case);
        let facts = evidence.facts();
        let follows = (evidence.multiplexer().value, facts.color, facts.graphics, facts.background);
        assert_eq!(follows, case.follows, "{}", case.what);
        let wraps = case.what == "tmux in kitty, passthrough on";
        assert_eq!(facts.tmux, wraps, "{}", case.what);
        let mosh = case.what.starts_with("mosh");
        let hint = case.what == "tmux in kitty, passthrough off"
            || mosh
            || matches!(case.follows.0, FarTmux | Screen | Either);
        assert_eq!(facts.hint.is_some(), hint, "{}", case.what);
        assert_eq!(evidence.mosh(), mosh, "{}", case.what);
    }
}

#[test]
fn what_was_asked_for_wins() {
    for case in CASES {
        let mut evidence = evidence(case);
        evidence.forced = Forced {
            color: Some(ColorDepth::Ansi),
            graphics: Some(Sixel),
            background: Some(Light),
            line: Some(Line::Fast),
        };
        assert!(!evidence.is_thin().unwrap().value);
        let facts = evidence.facts();
        assert_eq!((facts.color, facts.graphics, facts.background), (Ansi, Sixel, Light), "{}", case.what);
        assert_eq!(evidence.color().how, FORCED);
    }
}

#[test]
fn every_finding_says_how() {
    for case in CASES {
        let evidence = evidence(case);
        let hows = [evidence.color().how, evidence.background().how, evidence.graphics().0.how];
        assert!(hows.iter().all(|how| !how.is_empty()), "{}: {hows:?}", case.what);
    }
}

#[test]
fn colorfgbg_ends_with_the_background() {
    let rows = [
        ("15;0", Some(false)),
        ("0;15", Some(true)),
        ("0;default;15", Some(true)),
        ("7;8", Some(false)),
        ("0;7", Some(true)),
        ("12;4", Some(false)),
        ("15;default", None),
        ("0;231", None),
        ("", None),
        ("x", None),
    ];
    for (value, light) in rows {
        assert_eq!(environment(&[("COLORFGBG", value)]).is_light(), light, "{value:?}");
    }
}

#[test]
fn the_cell_is_the_outer_terminals_or_the_windows() {
    let mut evidence = Evidence { window: [100, 50, 0, 0], ..Evidence::default() };
    assert_eq!(evidence.cell(), None);
    evidence.window_px = Some((900, 900));
    assert_eq!(evidence.cell().unwrap().value, (9, 18));
    evidence.window = [100, 50, 1000, 1000];
    assert_eq!(evidence.cell().unwrap().value, (10, 20));
    evidence.cell = Some((8, 16));
    assert_eq!(evidence.cell().unwrap().value, (8, 16));
    evidence.tmux = Some(Tmux { cell: Some((7, 14)), ..Tmux::default() });
    assert_eq!(evidence.cell().unwrap().value, (7, 14));
    evidence.tmux = None;
    for nonsense in [(1, 1), (65_535, 65_535), (8, 60_000)] {
        evidence.cell = Some(nonsense);
        assert_eq!(evidence.cell().unwrap().value, (10, 20), "{nonsense:?} is not believed");
    }
}
