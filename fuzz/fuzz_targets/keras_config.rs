//! The description of a network, as Keras writes it.
#![no_main]

libfuzzer_sys::fuzz_target!(|json: &str| {
    convscope::checkpoint::fuzzing::keras_config(json);
});
