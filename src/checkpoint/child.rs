//! The program's side of the reading process: starts it, listens to it, and stops it where it does not end.
//!
//! ```text
//! convscope ── one argument: the request ──▶ convscope __read     standard input: the open file
//!     ▲                                          │                standard error: nowhere
//!     └── frames: head, layers, values, fault ───┘                HDF5_USE_FILE_LOCKING=FALSE
//! ```
//!
//! The C library locks files by default, and a trainer that meets a lock has already cut its checkpoint to nothing:
//! so the lock is off in the environment, where nothing overrides it.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{ErrorKind, Read},
    os::{
        fd::AsFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::Signal,
};

use super::{
    OnFrame, READER_COMMAND,
    error::{Cause, Fault},
    index::nonsense,
    limits,
    protocol::{FRAME_HEAD, Request, frame},
};

/// Buffers up to 32 MiB come from one heap, which grows in large steps and large pages. By default each of more than 128 kB is
/// mapped anew, page by page: with the description of 3,000 layers, of which the HDF5 library makes five copies, that took
/// longer than all the rest.
const ONE_HEAP: &str =
    "glibc.malloc.mmap_threshold=33554432:glibc.malloc.top_pad=4194304:glibc.malloc.hugetlb=1";

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Sets the program that is started to read files, once; it must answer to
/// [`READER_COMMAND`](super::READER_COMMAND) as `convscope` does.
///
/// Only for a program that is not `convscope` itself, as the binary of the tests is: else the program starts itself.
pub fn set_reader_program(program: impl Into<PathBuf>) {
    // The first word counts: readers already started must not change in between.
    let _ = PROGRAM.set(program.into());
}

/// How the reading process is started, and how long it may take.
pub(super) struct Reader {
    program: PathBuf,
    arguments: Vec<OsString>,
    patience: Duration,
}

impl Reader {
    /// The reader of a file of `size` bytes.
    pub(super) fn of_size(size: u64) -> Result<Self, Fault> {
        let itself = || {
            let running = Path::new("/proc/self/exe");
            // On Linux this stays the running program when an upgrade replaces its file.
            if cfg!(target_os = "linux") && running.exists() {
                Ok(running.to_owned())
            } else {
                env::current_exe()
            }
        };
        let program = match PROGRAM.get() {
            Some(program) => program.clone(),
            None => itself().map_err(|error| cannot_start(&error))?,
        };
        Ok(Self { program, arguments: vec![READER_COMMAND.into()], patience: limits::patience(size) })
    }

    /// Asks about `file` and hands over every frame of the answer but the last; `most` bytes is what all of them may
    /// hold together, beside some words.
    pub(super) fn ask(
        &self,
        file: File,
        request: &Request,
        most: u64,
        on_frame: &mut OnFrame,
    ) -> Result<(), Fault> {
        let deadline = Instant::now() + self.patience;
        let mut running = Running(self.start(file, request)?);
        let Some(pipe) = running.0.stdout.take() else { return Err(nonsense()) };
        let whole = Answer::new(pipe, deadline).take(most, on_frame)?;
        whole.ok_or_else(|| broken_off(running.stop()))
    }

    fn start(&self, file: File, request: &Request) -> Result<Child, Fault> {
        let request = serde_json::to_string(request).unwrap_or_default();
        let mut command = Command::new(&self.program);
        command.arg0("convscope").args(&self.arguments).arg(request);
        command.stdin(file).stdout(Stdio::piped()).stderr(Stdio::null());
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"HDF5_")) {
            command.env_remove(name);
        }
        command.env("HDF5_USE_FILE_LOCKING", "FALSE");
        // A file may name a filter; no plug-in is loaded from disk for it.
        command.env("HDF5_PLUGIN_PRELOAD", "::");
        command.env("GLIBC_TUNABLES", ONE_HEAP);
        command.spawn().map_err(|error| cannot_start(&error))
    }
}

/// A started process that does not outlive this value.
struct Running(Child);

impl Running {
    /// Waits for a process that has closed its output, but not for one that then goes on.
    fn stop(&mut self) -> Option<ExitStatus> {
        for _ in 0..100 {
            if let Ok(Some(status)) = self.0.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It is done, or to be stopped; either way it must not be left behind as a zombie.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The answer as far as it has come.
pub(super) struct Answer<P> {
    pipe: P,
    buffer: Vec<u8>,
    used: usize,
    deadline: Instant,
}

impl<P: Read + AsFd> Answer<P> {
    /// The answer that comes from `pipe`, and has to be there by the deadline.
    pub(super) fn new(pipe: P, deadline: Instant) -> Self {
        Self { pipe, buffer: Vec::new(), used: 0, deadline }
    }

    /// Hands over every frame but the last; `None` where the answer breaks off.
    pub(super) fn take(mut self, most: u64, on_frame: &mut OnFrame) -> Result<Option<()>, Fault> {
        let mut left = most.saturating_add(1 << 16);
        loop {
            let Some((letter, length)) = self.head()? else { return Ok(None) };
            left = left.checked_sub(length).ok_or_else(nonsense)?;
            let Some(content) = self.content(length)? else { return Ok(None) };
            match letter {
                frame::DONE => return Ok(Some(())),
                frame::FAULT => {
                    return Err(serde_json::from_slice(content).unwrap_or_else(|_| nonsense()));
                }
                letter => on_frame(letter, content)?,
            }
        }
    }

    /// Letter and length of the next frame; `None` where the answer ends.
    fn head(&mut self) -> Result<Option<(u8, u64)>, Fault> {
        let Some(head) = self.content(FRAME_HEAD as u64)? else { return Ok(None) };
        let Some((letter, length)) = head.split_first() else { return Ok(None) };
        Ok(length.first_chunk::<8>().map(|length| (*letter, u64::from_le_bytes(*length))))
    }

    /// The next `length` bytes; `None` where the answer ends before. Memory is taken for what has come, not for what
    /// is announced.
    fn content(&mut self, length: u64) -> Result<Option<&[u8]>, Fault> {
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        self.buffer.drain(..self.used);
        self.used = 0;
        while self.buffer.len() < length {
            wait_for(&self.pipe, self.deadline)?;
            let filled = self.buffer.len();
            let step = (length - filled).clamp(1 << 16, 1 << 20);
            self.buffer.resize(filled + step, 0);
            let read = self.pipe.read(&mut self.buffer[filled..]);
            self.buffer.truncate(filled + read.as_ref().map_or(0, |read| *read));
            match read {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Ok(None),
            }
        }
        self.used = length;
        Ok(Some(&self.buffer[..length]))
    }
}

/// Waits until there is something to read, but not past the deadline.
fn wait_for(pipe: &impl AsFd, deadline: Instant) -> Result<(), Fault> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(too_slow());
        }
        let timeout =
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&timeout)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return Ok(()),
        }
    }
}

fn cannot_start(error: &std::io::Error) -> Fault {
    Fault::new(
        Cause::Unreadable,
        format!("cannot be read: the reading process did not start ({error})"),
        "see whether processes and memory are short, and try again",
    )
}

fn too_slow() -> Fault {
    Fault::new(
        Cause::TooCostly,
        "takes far longer to read than a file of its size should",
        "see whether its disk or network answers, or copy it to a local disk",
    )
}

/// The process ended in the middle of its answer: why tells how.
fn broken_off(status: Option<ExitStatus>) -> Fault {
    let signal = status.and_then(|status| status.signal());
    let is = |of: Signal| signal == Some(of.as_raw());
    if is(Signal::XCPU) || is(Signal::KILL) || status.is_none() {
        return Fault::new(
            Cause::TooCostly,
            "is damaged in a way that the HDF5 library never gets to the end of",
            "copy it again, or save it again from the training program",
        );
    }
    if is(Signal::ABORT) {
        return Fault::new(
            Cause::TooCostly,
            "needs more memory to read than a file of its size should",
            "copy it again, or save it again from the training program",
        );
    }
    if [Signal::SEGV, Signal::BUS, Signal::ILL, Signal::FPE].into_iter().any(is) {
        return Fault::damaged("makes the HDF5 library crash");
    }
    nonsense()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand_in(script: &str, patience: Duration) -> (Result<(), Fault>, Duration) {
        let reader =
            Reader { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into()], patience };
        let request = Request { extension: String::new(), arrays: None, kernels: false };
        let start = Instant::now();
        let file = File::open("/dev/null").unwrap();
        (reader.ask(file, &request, 1 << 20, &mut |_, _| Ok(())), start.elapsed())
    }

    #[test]
    fn a_reader_that_hangs_is_killed_and_reported() {
        let (answer, took) = stand_in("exec sleep 1000", Duration::from_millis(100));
        assert_eq!(answer.unwrap_err().cause, Cause::TooCostly);
        assert!(took < Duration::from_secs(10), "{took:?}");
    }

    #[test]
    fn a_reader_that_loops_or_crashes_or_talks_nonsense_is_reported() {
        let patience = Duration::from_secs(60);
        for (script, cause) in [
            ("kill -XCPU $$", Cause::TooCostly),
            ("kill -KILL $$", Cause::TooCostly),
            ("kill -ABRT $$", Cause::TooCostly),
            ("kill -SEGV $$", Cause::Damaged),
            ("exit 3", Cause::Damaged),
            ("printf H", Cause::Damaged),
            ("yes", Cause::Damaged),
        ] {
            assert_eq!(stand_in(script, patience).0.unwrap_err().cause, cause, "{script}");
        }
    }

    #[test]
    fn the_lock_is_off_whatever_the_environment_says() {
        let script = r#"test "$HDF5_USE_FILE_LOCKING" = FALSE && printf 'D\0\0\0\0\0\0\0\0'"#;
        assert_eq!(stand_in(script, Duration::from_secs(60)).0, Ok(()));
    }
}
