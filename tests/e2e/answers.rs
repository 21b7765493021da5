//! A terminal that answers with nonsense: none of it is a key, stops anything, or stays on the screen.

use crate::life::left_nothing;
use crate::persona::NONSENSE;
use crate::picture;
use crate::pictures::{captioned, expected};
use crate::terminal::Terminal;

/// What no key sends; each is followed by the key →, which must count. The letters in it are keys otherwise.
const NONSENSE_BYTES: &[&[u8]] = &[
    // Cut off.
    b"\x1b[?62;4",
    b"\x1b[6;16",
    b"\x1b_Gi=31;q",
    b"\x1bP>|q",
    b"\x1bP1$r48:2:1",
    b"\x1b]11;rgb:q",
    b"\x1b[<0;10",
    // Of things that nobody asked for.
    b"\x1b_Gi=4711,I=1;ENOENT:q\x1b\\",
    b"\x1bP0+r\x1b\\",
    b"\x1b]4;1;rgb:q/q/q\x07",
    b"\x1b]52;c;cXFx\x1b\\",
    b"\x1b^qqq\x1b\\\x1bXqqq\x1b\\",
    b"\x1b[8;40;120t\x1b[3;0;0t",
    b"\x1b[?997;1n\x1b[?0u\x1b[0n\x1b[0n\x1b[3n",
    b"\x1b[12;40R\x1b[?12;40;1R",
    // Huge and impossible.
    b"\x1b[99999999999999999999;99999999999999999999R",
    b"\x1b[<99999999999;99999999999;99999999999M",
    b"\x1b[<65535;65535;65535M\x1b[<0;0;0M\x1b[<;;M",
    b"\x1b[;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;y",
    b"\x1b[?2026;18446744073709551616$y",
    // No UTF-8.
    b"\xff\xfe\xc0\x80\x80\xbf",
    b"\x1b[\xff\x1b[\xc3\xa9",
    b"\x1b_G\xff\xfeq\xf0\x9f\x1b\\",
    b"\x1bP>|\xff\xc3q\x1b\\",
    b"\x1b]11;\xf0\x9f\x07",
];

#[test]
fn nonsense_shows_the_picture_and_is_no_key() {
    let terminal = Terminal::start(NONSENSE, &["demo"]);
    terminal.wait("the picture", |terminal| picture::sixel(&terminal.log()).is_some());
    terminal.wait_for("kernel 0 of 64");
    for (kernel, nonsense) in (1..).zip(NONSENSE_BYTES) {
        terminal.send_bytes(&[nonsense, &b"\x1b[C"[..]].concat());
        terminal.wait(&format!("→ behind {}", nonsense.escape_ascii()), |terminal| {
            terminal.text().contains(&format!("kernel {kernel} of 64"))
        });
    }
    // All of it without an end, while a key is pressed that asks to leave.
    let last = NONSENSE_BYTES.len();
    terminal.wait_for_quiet();
    let size = captioned(&terminal).unwrap();
    let shown = picture::sixel(&terminal.log()).unwrap().cropped(size.0, size.1);
    let (_, mean) = shown.difference(&expected(last, size.0, size.1, convscope::raster::DARK_CENTRE));
    assert!(mean < 4.0, "{mean}");
    terminal.send_bytes(b"\x1b_Gi=31;never an end\x03");
    let (code, log) = terminal.end();
    assert_eq!(code, 0);
    left_nothing(&log);
    for word in ["EINVAL", "99999999", "4711", "\u{202e}", "\u{fffd}", "\u{9b}"] {
        assert!(!log.contains(word), "{word:?} came back to the terminal");
    }
}
