//! Terminals by what they answer.

use std::time::Duration;

/// What a terminal says of itself: questions, and the answers to them.
#[derive(Clone, Copy)]
pub(crate) struct Persona {
    /// Question and answer; what stands in no row is not answered.
    pub(crate) answers: &'static [(&'static str, &'static str)],
    /// How long every answer takes.
    pub(crate) delay: Duration,
    /// The environment.
    pub(crate) environment: &'static [(&'static str, &'static str)],
}

const ATTRIBUTES: &str = "\x1b[c";
const NAME: &str = "\x1b[>q";
const CELL: &str = "\x1b[16t";
const KITTY: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
const TRUECOLOR: &str = "\x1bP$qm\x1b\\";
pub(crate) const CURSOR: &str = "\x1b[6n";
/// Device status: asked after every frame, and answered by whoever answers anything.
pub(crate) const STATUS: &str = "\x1b[5n";
const MODEL: &str = "\x1b[>c";
const WINDOW: &str = "\x1b[14t";
const SYNCHRONISED: &str = "\x1b[?2026$p";
const BACKGROUND: &str = "\x1b]11;?\x1b\\";

/// kitty 0.41, over SSH: no `COLORTERM`.
pub(crate) const KITTY_41: Persona = Persona {
    answers: &[
        (KITTY, "\x1b_Gi=31;OK\x1b\\"),
        (NAME, "\x1bP>|kitty(0.41.1)\x1b\\"),
        (CELL, "\x1b[6;16;8t"),
        (TRUECOLOR, "\x1bP1$r48:2:1:2:3m\x1b\\"),
        (ATTRIBUTES, "\x1b[?62;c"),
    ],
    delay: Duration::ZERO,
    environment: &[("TERM", "xterm-kitty")],
};

/// kitty 0.41 with a light theme (Solarized).
pub(crate) const LIGHT: Persona = Persona {
    answers: &[
        (KITTY, "\x1b_Gi=31;OK\x1b\\"),
        (NAME, "\x1bP>|kitty(0.41.1)\x1b\\"),
        (CELL, "\x1b[6;16;8t"),
        (BACKGROUND, "\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\"),
        (TRUECOLOR, "\x1bP1$r48:2:1:2:3m\x1b\\"),
        (ATTRIBUTES, "\x1b[?62;c"),
    ],
    delay: Duration::ZERO,
    environment: &[("TERM", "xterm-kitty")],
};

/// kitty 0.26 says OK to the graphics query, but knows no placeholders.
pub(crate) const KITTY_26: Persona = Persona {
    answers: &[
        (KITTY, "\x1b_Gi=31;OK\x1b\\"),
        (NAME, "\x1bP>|kitty(0.26.5)\x1b\\"),
        (CELL, "\x1b[6;16;8t"),
        (ATTRIBUTES, "\x1b[?62;c"),
    ],
    delay: Duration::ZERO,
    environment: &[("TERM", "xterm-kitty")],
};

/// xterm 379 with sixel; the cell's size comes from the kernel.
pub(crate) const XTERM_SIXEL: Persona = Persona {
    answers: &[
        (NAME, "\x1bP>|XTerm(379)\x1b\\"),
        (BACKGROUND, "\x1b]11;rgb:0000/0000/0000\x1b\\"),
        (TRUECOLOR, "\x1bP1$r0;48:2::1:2:3m\x1b\\"),
        (ATTRIBUTES, "\x1b[?63;1;2;4;6;9;15;16;22;28c"),
    ],
    delay: Duration::ZERO,
    environment: &[("TERM", "xterm-256color")],
};

/// A terminal that answers nothing at all.
pub(crate) const MUTE: Persona = Persona {
    answers: &[],
    delay: Duration::ZERO,
    environment: &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
};

/// xterm at the far end of a very slow line.
pub(crate) const LATE: Persona = Persona { delay: Duration::from_millis(900), ..XTERM_SIXEL };

/// tmux 3.5: it answers for itself, and says that it has sixel whatever the terminal around it has.
pub(crate) const TMUX_35: Persona = Persona {
    answers: &[
        (NAME, "\x1bP>|tmux 3.5a\x1b\\"),
        (MODEL, "\x1b[>84;0;0c"),
        (CELL, "\x1b[6;16;8t"),
        (WINDOW, "\x1b[4;640;960t"),
        (BACKGROUND, "\x1b]11;rgb:0000/0000/0000\x1b\\"),
        (ATTRIBUTES, "\x1b[?1;2;4c"),
    ],
    delay: Duration::ZERO,
    environment: &[("TERM", "tmux-256color"), ("TMUX", "/nowhere,1,0"), ("TMUX_PANE", "%0")],
};

/// A terminal that has sixel, and whose other answers are nonsense: wrong, cut, huge, unknown.
pub(crate) const NONSENSE: Persona = Persona {
    answers: &[
        (KITTY, "\x1b_Gi=31;EINVAL:q\u{fffd}é\x1b\\"),
        (NAME, "\x1bP>|\u{202e}q\u{9b}q 99999999999999999999.é\x1b\\"),
        (MODEL, "\x1b[>99999999999999999999;;-1;c"),
        (CELL, "\x1b[6;65535;65535t"),
        (WINDOW, "\x1b[4;99999999;0t\x1b[4;t\x1b[t\x1b[;;;t"),
        (BACKGROUND, "\x1b]11;rgb:qqqq/é/\x07\x1b]11;#\x07\x1b]q\x07"),
        (TRUECOLOR, "\x1bP1$r\x1b\\\x1bPq\x1b\\"),
        (SYNCHRONISED, "\x1b[?2026;99999$y\x1b[?2026$y"),
        (ATTRIBUTES, "\x1b[?c\x1b[?0;4;99999999999999999999;4;c"),
    ],
    delay: Duration::ZERO,
    environment: &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
};

impl Persona {
    /// The same with other variables set.
    pub(crate) const fn with(self, environment: &'static [(&'static str, &'static str)]) -> Self {
        Self { environment, ..self }
    }
}
