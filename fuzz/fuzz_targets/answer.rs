//! What the reading process says, as the program takes it: the process has read a file that nobody vouches for.
#![no_main]

libfuzzer_sys::fuzz_target!(|frames: &[u8]| {
    convscope::checkpoint::fuzzing::answer(frames);
});
