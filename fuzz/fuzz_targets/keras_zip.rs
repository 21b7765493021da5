//! `.keras` files in this process: archive, description, index and first convolution.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    convscope::checkpoint::fuzzing::keras_zip(bytes);
});
