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
    limits,
    protocol::{Request, frame, write_frame, write_values},
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
    let source = Source::new(file, request.extension).map_err(failed)?.alone();
    limit(source.size()).map_err(|errno| failed(errno.into()))?;
    let Some(format) = FORMATS.iter().find(|format| (format.recognise)(&source)) else {
        return Err(unsupported::fault(&source));
    };
    match request.arrays {
        None => {
            let mut listing = Listing::new(out, source.size(), request.kernels);
            (format.index)(&source, &mut listing)?;
            listing.finish()
        }
        Some(arrays) => (format.read)(&source, &arrays, &mut |values| {
            write_values(out, values).map_err(|_error: io::Error| gone())
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
    let seconds = limits::cpu_seconds(size);
    set(Resource::Cpu, seconds, seconds + 1)?;
    let memory = limits::memory(size);
    set(Resource::As, memory, memory)?;
    set(Resource::Core, 0, 0)
}

fn set(resource: Resource, soft: u64, hard: u64) -> rustix::io::Result<()> {
    let most = rustix::process::getrlimit(resource).maximum;
    let within = |limit: u64| Some(most.map_or(limit, |most| limit.min(most)));
    setrlimit(resource, Rlimit { current: within(soft), maximum: within(hard) })
}
