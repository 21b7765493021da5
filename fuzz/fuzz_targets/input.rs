//! What a terminal sends: keys, the mouse, pasted text, answers. The first byte says in how large pieces it arrives.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some((size, bytes)) = bytes.split_first() {
        convscope::tui::fuzzing::input(bytes, usize::from(*size));
    }
});
