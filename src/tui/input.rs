//! Bytes from the terminal, told apart: keys, the mouse, pasted text, and the answers to our own questions.
//!
//! Answers may come late, after a second of SSH, and in pieces; they are recognised by their form alone, so that none
//! of them is ever taken for a key.

use std::io;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use terminput::{
    Event as Parsed, KeyCode, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind, ScrollDirection,
};

use super::answers::Answer;
use crate::app::key::Key;
use crate::app::msg::{Mouse, MouseKind, Msg};

/// What came in.
#[derive(Debug)]
pub(super) enum Input {
    /// Something for the core.
    Msg(Msg),
    /// An answer of the terminal.
    Answer(Answer),
    /// The terminal has the focus again.
    Focus,
}

/// How long a lone escape may be the beginning of more.
const ESCAPE_WAIT: Duration = Duration::from_millis(30);
/// How long the rest of an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(1);
/// No answer is longer.
const LONGEST: usize = 1 << 16;

/// Reads the terminal on a thread of its own until it is gone; its last act is [`Msg::Hangup`].
pub(super) fn spawn(send: impl Fn(Input) -> bool + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut decoder = Decoder::default();
        let stdin = rustix::stdio::stdin();
        let mut buffer = [0_u8; 4096];
        loop {
            let wait = decoder.wait().map(|wait| Timespec {
                tv_sec: wait.as_secs().cast_signed(),
                tv_nsec: i64::from(wait.subsec_nanos()),
            });
            let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
            let events = match poll(&mut fds, wait.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => break,
                Ok(0) => decoder.give_up_waiting(),
                Ok(_) => match rustix::io::read(stdin, &mut buffer) {
                    Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
                    Err(_) | Ok(0) => break,
                    Ok(count) => decoder.feed(&buffer[..count]),
                },
            };
            for event in events {
                if !send(event) {
                    return;
                }
            }
        }
        send(Input::Msg(Msg::Hangup));
    })?;
    Ok(())
}

/// Bytes that are not a whole event yet.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    held: Vec<u8>,
}

/// What the held bytes begin with.
enum Piece {
    /// An event of so many bytes.
    Whole(usize),
    /// A sequence that is not complete.
    Incomplete,
}

impl Decoder {
    /// Takes bytes in, and gives out what they complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.held.extend_from_slice(bytes);
        let mut events = Vec::new();
        while !self.held.is_empty() {
            match first_piece(&self.held) {
                Piece::Whole(length) => {
                    let piece: Vec<u8> = self.held.drain(..length).collect();
                    events.extend(events_of(&piece));
                }
                Piece::Incomplete if self.held.len() > LONGEST => self.held.clear(),
                Piece::Incomplete => break,
            }
        }
        events
    }

    /// How long to wait for more before what is held is all there is; `None`: nothing is held.
    pub(super) fn wait(&self) -> Option<Duration> {
        match self.held.as_slice() {
            [] => None,
            // Escape and one more byte may be Alt and a letter; anything longer was begun by the terminal.
            [_] | [_, _] => Some(ESCAPE_WAIT),
            _ => Some(ANSWER_WAIT),
        }
    }

    /// Nothing more came: what is held was a key of its own, or the torn beginning of an answer.
    pub(super) fn give_up_waiting(&mut self) -> Vec<Input> {
        let held = std::mem::take(&mut self.held);
        match held.as_slice() {
            [_] | [0x1b, _] => events_of(&held),
            _ => Vec::new(),
        }
    }
}

fn first_piece(held: &[u8]) -> Piece {
    let whole_if = |length: Option<usize>| length.map_or(Piece::Incomplete, Piece::Whole);
    match held {
        [0x1b, b'[', b'M', rest @ ..] => whole_if((rest.len() >= 3).then_some(6)),
        [0x1b, b'[', b'2', b'0', b'0', b'~', ..] => whole_if(ends_at(held, b"\x1b[201~")),
        // Control sequences end with their first byte from @ to ~ ; one that cannot be right ends where it breaks off.
        [0x1b, b'[', rest @ ..] => {
            let end = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte));
            whole_if(end.map(|end| if rest[end] == 0x1b { end + 2 } else { end + 3 }))
        }
        [0x1b, b'O', rest @ ..] => whole_if((!rest.is_empty()).then_some(3)),
        // Strings (DCS, OSC, APC, PM, SOS) end with ST; OSC also with BEL. Any other control is a key, and the end of
        // the string was lost: nobody who presses one shall wait for it.
        [0x1b, b'P' | b'_' | b'^' | b'X' | b']', rest @ ..] if !rest.is_empty() => {
            let Some(end) = rest.iter().position(|byte| *byte < 0x20) else { return Piece::Incomplete };
            match rest[end..] {
                [0x1b] => Piece::Incomplete,
                [0x1b, b'\\', ..] => Piece::Whole(end + 4),
                [0x07, ..] if held[1] == b']' => Piece::Whole(end + 3),
                _ => Piece::Whole(end + 2),
            }
        }
        [0x1b] | [0x1b, b'P' | b'_' | b'^' | b'X' | b']'] => Piece::Incomplete,
        // Two escapes: the first was a key.
        [0x1b, 0x1b, ..] => Piece::Whole(1),
        [0x1b, ..] => whole_if(utf8_length(&held[1..]).map(|length| length + 1)),
        _ => whole_if(utf8_length(held)),
    }
}

fn ends_at(held: &[u8], end: &[u8]) -> Option<usize> {
    held.windows(end.len()).position(|window| window == end).map(|at| at + end.len())
}

/// The length of the first character; a byte that begins none stands for itself.
fn utf8_length(bytes: &[u8]) -> Option<usize> {
    let length = match bytes.first()? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let continued =
        bytes.iter().skip(1).take(length - 1).take_while(|byte| (0x80..=0xbf).contains(*byte)).count();
    match (continued == length - 1, bytes.len() > continued + 1) {
        (true, _) => Some(length),
        (false, true) => Some(1),
        (false, false) => None,
    }
}

/// Escape and a character in one piece: Alt, which nothing is bound to, or Escape and a key close behind it, which tmux
/// sends as one. So it is taken for the two.
fn events_of(piece: &[u8]) -> Vec<Input> {
    match piece {
        [0x1b, second, ..]
            if !matches!(second, b'[' | b'O' | 0x1b) && (piece.len() == 2 || *second >= 0x80) =>
        {
            [event(&piece[..1]), event(&piece[1..])].into_iter().flatten().collect()
        }
        _ => event(piece).into_iter().collect(),
    }
}

fn event(piece: &[u8]) -> Option<Input> {
    if let Some(answer) = Answer::parse(piece) {
        return Some(Input::Answer(answer));
    }
    // A string or a report that nobody knows is dropped; it is no key in any case.
    if let [0x1b, b'P' | b'_' | b'^' | b'X' | b']', _, ..] = piece {
        return None;
    }
    if is_nowhere(piece) {
        return None;
    }
    let msg = match Parsed::parse_from(piece).ok()?? {
        Parsed::FocusGained => return Some(Input::Focus),
        Parsed::Key(pressed) if pressed.kind != KeyEventKind::Release => {
            Msg::Key(key(pressed.code, pressed.modifiers)?)
        }
        Parsed::Mouse(mouse) => {
            let kind = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseKind::Click,
                MouseEventKind::Scroll(ScrollDirection::Up) => MouseKind::WheelUp,
                MouseEventKind::Scroll(ScrollDirection::Down) => MouseKind::WheelDown,
                _ => return None,
            };
            Msg::Mouse(Mouse { kind, x: mouse.column, y: mouse.row })
        }
        Parsed::Paste(text) => Msg::Paste(text),
        _ => return None,
    };
    Some(Input::Msg(msg))
}

/// Whether the mouse is said to be in a row or column 0, which there is not; the parser subtracts 1 from it.
fn is_nowhere(piece: &[u8]) -> bool {
    let Some(numbers) =
        piece.strip_prefix(b"\x1b[").and_then(|body| body.strip_suffix(b"M").or(body.strip_suffix(b"m")))
    else {
        return false;
    };
    let mut places = numbers.split(|byte| *byte == b';').skip(1);
    places.any(|place| !place.is_empty() && place.iter().all(|digit| *digit == b'0'))
}

/// The keys that have no character.
const NAMED: &[(KeyCode, Key)] = &[
    (KeyCode::Up, Key::Up),
    (KeyCode::Down, Key::Down),
    (KeyCode::Left, Key::Left),
    (KeyCode::Right, Key::Right),
    (KeyCode::Home, Key::Home),
    (KeyCode::End, Key::End),
    (KeyCode::PageUp, Key::PageUp),
    (KeyCode::PageDown, Key::PageDown),
    (KeyCode::Enter, Key::Enter),
    (KeyCode::Esc, Key::Esc),
    (KeyCode::Backspace, Key::Backspace),
];

fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
    match code {
        KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => Some(Key::BackTab),
        KeyCode::Tab => Some(Key::Tab),
        KeyCode::Char(c) if modifiers.contains(KeyModifiers::CTRL) => Some(Key::Ctrl(c.to_ascii_lowercase())),
        KeyCode::Char(_) if modifiers.contains(KeyModifiers::ALT) => None,
        KeyCode::Char(c) => Some(Key::Char(c)),
        _ => NAMED.iter().find(|row| row.0 == code).map(|row| row.1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_bytes_stop_it(bytes in proptest::collection::vec(prop_oneof![
            3 => Just(b"\x1b[".to_vec()),
            1 => Just(b"\x1b[<".to_vec()),
            1 => Just(b"\x1b[200~".to_vec()),
            1 => Just(b"\x1b".to_vec()),
            4 => proptest::sample::select(&b";;:?>=$09MmuctRny~ABPXO]_\\\x07q"[..]).prop_map(|byte| vec![byte]),
            1 => any::<u8>().prop_map(|byte| vec![byte]),
            1 => any::<u32>().prop_map(|number| number.to_string().into_bytes()),
        ], 0..24)) {
            let bytes = bytes.concat();
            let mut decoder = Decoder::default();
            decoder.feed(&bytes);
            decoder.give_up_waiting();
            prop_assert_eq!(shown(&decoder.feed(b"q")), "q", "{}", bytes.escape_ascii());
        }
    }

    fn shown(events: &[Input]) -> String {
        let word = |event: &Input| match event {
            Input::Msg(Msg::Key(key)) => key.to_string(),
            other => format!("{other:?}"),
        };
        events.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// All of `bytes` at once, and byte by byte, must say the same.
    fn decoded(bytes: &[u8]) -> String {
        let mut whole = Decoder::default();
        let mut events = whole.feed(bytes);
        events.extend(whole.give_up_waiting());
        let mut slow = Decoder::default();
        let mut pieces: Vec<Input> = bytes.iter().flat_map(|byte| slow.feed(&[*byte])).collect();
        pieces.extend(slow.give_up_waiting());
        assert_eq!(shown(&events), shown(&pieces), "{bytes:?} in one read and in many");
        shown(&events)
    }

    #[test]
    fn keys_are_keys() {
        assert_eq!(decoded(b"jk\r\x1b[A\x1bOB\x1b[5~\x1b[Z\x03"), "j k Enter ↑ ↓ PgUp Shift-Tab Ctrl-C");
        assert_eq!(decoded("é畳".as_bytes()), "é 畳");
        assert_eq!(decoded(b"\x1b"), "Esc");
        assert_eq!(decoded(b"\x1b}q"), "Esc } q");
        assert_eq!(decoded("\x1bé".as_bytes()), "Esc é");
    }

    /// A key that the configuration may name has to arrive as that key.
    #[test]
    fn control_and_a_letter_is_that_key_or_cannot_be_bound() {
        for letter in 'a'..='z' {
            let mut decoder = Decoder::default();
            let events = shown(&decoder.feed(&[letter as u8 & 0x1f]));
            if let Ok(key) = Key::named(&format!("ctrl+{letter}")) {
                assert_eq!(events, key.to_string());
            } else {
                assert!(!events.starts_with("Ctrl-"), "{events} could be bound");
            }
        }
    }

    #[test]
    fn answers_are_never_keys() {
        for answer in [
            &b"\x1b_Gi=31;OK\x1b\\"[..],
            b"\x1bP>|kitty(0.41.1)\x1b\\",
            b"\x1b[?62;4;22c",
            b"\x1b[6;17;8t",
            b"\x1bP1$r0;48:2::1:2:3m\x1b\\",
            b"\x1b]11;rgb:1010/1010/1414\x07",
            b"\x1b[?2026;2$y",
            b"\x1b[>1;4000;41c",
        ] {
            let mut decoder = Decoder::default();
            for byte in answer {
                let events = decoder.feed(&[*byte]);
                assert!(!events.iter().any(|event| matches!(event, Input::Msg(_))), "{answer:?}: {events:?}");
            }
            assert!(decoder.held.is_empty(), "{answer:?}");
        }
    }

    #[test]
    fn a_torn_answer_is_dropped_and_the_next_key_counts() {
        let mut decoder = Decoder::default();
        assert_eq!(shown(&decoder.feed(b"\x1b_Gi=31;O")), "");
        assert_eq!(shown(&decoder.give_up_waiting()), "");
        assert_eq!(shown(&decoder.feed(b"q")), "q");
    }

    #[test]
    fn a_key_ends_an_answer_that_lost_its_end() {
        for torn in ["\x1b_Gi=31;O", "\x1bP>|kit", "\x1b]11;rgb:", "\x1b[?62;"] {
            assert!(decoded(format!("{torn}\x1b[A").as_bytes()).ends_with("↑"), "{torn:?}");
        }
        assert!(decoded(b"\x1b_Gi=31;O\x03").ends_with("Ctrl-C"));
        assert!(decoded(b"\x1b]11;q\x07q").ends_with(") q"));
    }

    #[test]
    fn clicks_and_pastes_arrive() {
        assert!(decoded(b"\x1b[<0;10;5M").contains("Click, x: 9, y: 4"));
        assert!(decoded(b"\x1b[<65;1;1M").contains("WheelDown"));
        assert_eq!(decoded(b"\x1b[<0;0;5M\x1b[<0;5;0m\x1b[32;0;1Mq"), "q", "off the screen");
        assert!(decoded(b"\x1b[200~conv\x1b[201~").contains("Paste(\"conv\")"));
    }
}
