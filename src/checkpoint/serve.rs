//! The reading process: limits itself, reads one file, answers, and is gone.
//!
//! Some damaged files send HDF5's C library into an endless loop, and a hostile one may do worse: nothing of that may
//! happen in the process that has the terminal. Time and memory are limited by what any sound file of the size needs.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufWriter, Write},
    os::fd::AsFd,
    process::ExitCode,
};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::{
    FORMATS, Listing,
    error::{Cause, Fault},
    protocol::{Request, frame, write_frame},
    source::Source,
    unsupported,
};

/// Answers the one request in `arguments` (what follows [`READER_COMMAND`](super::READER_COMMAND) on the command
/// line) about the file on standard input, to standard output.
///
/// This is the whole life of the hidden process; call it before anything else is set up.
pub fn serve(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let Some(request) = arguments.into_iter().next().and_then(|text| text.into_string().ok()) else {
        return ExitCode::from(2);
    };
    let Ok(request) = serde_json::from_str::<Request>(&request) else { return ExitCode::from(2) };
    #[cfg(target_os = "linux")]
    if rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).is_err() {
        return ExitCode::from(2);
    }
    // Buffered only where many small frames follow each other: the first layers must not wait for the last.
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let answered = answer(request, &mut out);
    let told = match answered {
        Ok(()) => write_frame(&mut out, frame::DONE, &[]),
        Err(fault) => write_frame(&mut out, frame::FAULT, &serde_json::to_vec(&fault).unwrap_or_default()),
    };
    if told.and_then(|()| out.flush()).is_ok() { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

fn answer(request: Request, out: &mut dyn Write) -> Result<(), Fault> {
    let failed =
        |_error: io::Error| Fault::new(Cause::Unreadable, "cannot be read", "check the disk or the network");
    let file = io::stdin().as_fd().try_clone_to_owned().map(File::from).map_err(failed)?;
    let source = Source::new(file, request.extension).map_err(failed)?;
    limit(source.size()).map_err(|errno| failed(errno.into()))?;
    let Some(format) = FORMATS.iter().find(|format| (format.recognise)(&source)) else {
        return Err(unsupported::fault(&source));
    };
    match request.arrays {
        None => {
            let mut listing = Listing::new(out);
            (format.index)(&source, &mut listing)?;
            listing.finish()
        }
        Some(arrays) => (format.read)(&source, &arrays, &mut |values| {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            write_frame(out, frame::VALUES, &bytes).map_err(|_error: io::Error| gone())
        }),
    }
}

/// Nobody reads the answer any more; it does not matter what it says.
pub(super) fn gone() -> Fault {
    Fault::new(Cause::Unreadable, "is not asked for any more", "nothing")
}

/// What reading a file of `size` bytes may take: processor time (an endless loop burns it, a slow network does not)
/// and memory.
fn limit(size: u64) -> rustix::io::Result<()> {
    let seconds = cpu_seconds(size);
    set(Resource::Cpu, seconds, seconds + 1)?;
    // The file once as stored and twice as numbers, and that again for what is compressed.
    let memory = (1_u64 << 30).saturating_add(size.saturating_mul(6));
    set(Resource::As, memory, memory)?;
    set(Resource::Core, 0, 0)
}

/// Seconds of processor time that reading a file of `size` bytes may take: inflating takes a
/// second for some 100 MB, and an index of 3,000 layers in 15 MB a fifth of one.
pub(super) fn cpu_seconds(size: u64) -> u64 {
    2 + size / (20 << 20)
}

fn set(resource: Resource, soft: u64, hard: u64) -> rustix::io::Result<()> {
    let most = rustix::process::getrlimit(resource).maximum;
    let within = |limit: u64| Some(most.map_or(limit, |most| limit.min(most)));
    setrlimit(resource, Rlimit { current: within(soft), maximum: within(hard) })
}
