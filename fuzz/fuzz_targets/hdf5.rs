//! HDF5 files in this process: index and first convolution. The library loops for ever on some: run with
//! `-fork=1 -timeout=2 -ignore_timeouts=1`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    convscope::checkpoint::fuzzing::hdf5(bytes);
});
