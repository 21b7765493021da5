//! The window changes its shape, loses the focus, is left and taken again: the picture is right, sent no more often than
//! it must, and the screen is not cleared.

use std::fs;

use convscope::raster::DARK_CENTRE;
use rustix::process::Signal;

use crate::life::left_nothing;
use crate::persona::{KITTY_41, Persona, XTERM_SIXEL};
use crate::picture::{self, Picture};
use crate::pictures::{captioned, expected};
use crate::terminal::Terminal;

/// A protocol: who speaks it, how a picture is read, how one begins, and how much of a channel may differ.
struct Protocol {
    persona: Persona,
    arguments: &'static [&'static str],
    decode: fn(&[u8]) -> Option<Picture>,
    begins: &'static str,
    tolerance: f64,
    /// Whether the terminal loses the picture with the focus.
    fades: bool,
}

const PROTOCOLS: &[Protocol] = &[
    Protocol {
        persona: KITTY_41,
        arguments: &["demo"],
        decode: |log| picture::kitty(log).map(|(_, picture)| picture),
        begins: "a=T",
        tolerance: 0.0,
        fades: false,
    },
    Protocol {
        persona: XTERM_SIXEL,
        arguments: &["demo"],
        decode: picture::sixel,
        begins: "\"1;1;",
        tolerance: 4.0,
        fades: false,
    },
    Protocol {
        persona: XTERM_SIXEL,
        arguments: &["demo", "--graphics", "iterm2"],
        decode: picture::iterm2,
        begins: "]1337;File=",
        tolerance: 0.0,
        fades: true,
    },
];

impl Protocol {
    /// What came since `mark`: the picture once or not at all, the screen never cleared, and the last picture is right. A
    /// machine that is busy may take the terminal for a thin line, and send a draft first.
    fn check(&self, terminal: &Terminal, what: &str, mark: usize, sent: bool) {
        let (width, height) = captioned(terminal).unwrap();
        let log = terminal.log();
        let since = String::from_utf8_lossy(&log[mark..]).into_owned();
        let pictures: Vec<usize> = since.split(self.begins).skip(1).map(str::len).collect();
        match pictures[..] {
            [] => assert!(!sent, "no picture after {what}"),
            [_] => assert!(sent, "a picture after {what}"),
            [draft, whole] if sent && draft < whole => {}
            _ => panic!("pictures of {pictures:?} bytes after {what}"),
        }
        assert!(!since.contains("\x1b[2J") || what == "resuming", "cleared after {what}");
        let shown = (self.decode)(&log).unwrap().cropped(width, height);
        let (_, mean) = shown.difference(&expected(0, width, height, DARK_CENTRE));
        assert!(mean <= self.tolerance, "{mean} after {what}");
    }
}

fn state(terminal: &Terminal) -> Option<char> {
    let id = terminal.child.process_id()?;
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

#[test]
fn the_picture_follows_the_window() {
    for protocol in PROTOCOLS {
        let terminal = Terminal::start(protocol.persona, protocol.arguments);
        terminal.wait("the first picture", |terminal| {
            (protocol.decode)(&terminal.log()).is_some() && captioned(terminal).is_some()
        });
        terminal.wait_for_quiet();
        let mark = || terminal.log().len();
        let changes: [(&str, u16, u16, (u16, u16)); 4] = [
            ("a smaller window", 100, 30, (8, 16)),
            ("a larger window", 140, 45, (8, 16)),
            ("a larger font", 140, 45, (10, 20)),
            ("another window", 110, 36, (10, 20)),
        ];
        for (what, columns, rows, cell) in changes {
            let (begin, before) = (mark(), captioned(&terminal));
            terminal.resize_cells(columns, rows, cell);
            terminal.wait(what, |terminal| captioned(terminal).is_some_and(|size| Some(size) != before));
            terminal.wait_for_quiet();
            protocol.check(&terminal, what, begin, true);
        }
        let begin = mark();
        terminal.send("\x1b[O\x1b[I");
        if protocol.fades {
            terminal.wait("the picture again", |terminal| terminal.log().len() > begin);
        }
        terminal.wait_for_quiet();
        protocol.check(&terminal, "the focus", begin, protocol.fades);
        if cfg!(target_os = "linux") {
            let begin = mark();
            terminal.send("\x1a");
            terminal.wait("the process to stop", |terminal| state(terminal) == Some('T'));
            terminal.signal(Signal::CONT);
            terminal
                .wait("the picture again", |terminal| (protocol.decode)(&terminal.log()[begin..]).is_some());
            terminal.wait_for_quiet();
            protocol.check(&terminal, "resuming", begin, true);
        }
        terminal.send("q");
        let (code, log) = terminal.end();
        assert_eq!(code, 0);
        left_nothing(&log);
    }
}
