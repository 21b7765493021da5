//! The decoder of what the terminal sends, without a terminal: for the target in `fuzz/` only.

use super::input::Decoder;

/// Decodes bytes all at once and in pieces of `size`; how many events they hold. Whoever sends them, a slow line must not
/// change what they say.
///
/// # Panics
/// When the two ways differ, or something is held for ever.
pub fn input(bytes: &[u8], size: usize) -> usize {
    let decoded = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut decoder = Decoder::default();
        let mut events: Vec<_> = pieces.flat_map(|piece| decoder.feed(piece)).collect();
        events.extend(decoder.give_up_waiting());
        assert!(decoder.wait().is_none(), "nothing is held any more");
        events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>()
    };
    let whole = decoded(&mut std::iter::once(bytes));
    let pieces = decoded(&mut bytes.chunks(size.max(1)));
    assert_eq!(whole, pieces, "in one read and in many");
    whole.len()
}
