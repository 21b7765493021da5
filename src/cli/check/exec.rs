//! `--exec CMD`: a command that is told every judgement, such as one that sends a message.
//!
//! The command runs on a thread of its own, so that a slow one never stops the watching; what goes wrong with it is said on
//! standard error once, and no judgement depends on it.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

use crate::cli::lines::complain;
use crate::cli::plural;

/// Judgements that may wait for the command; one more is left out.
const WAITING: usize = 32;
/// How long the end of the program waits for the commands that still run.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a command is told.
pub(super) struct Notice {
    pub(super) checkpoint: PathBuf,
    /// As the exit code of `convscope check`.
    pub(super) exit: u8,
    /// What `convscope check --json` prints.
    pub(super) json: String,
}

/// The thread that runs the commands, one after another.
pub(super) struct Notifier {
    notices: SyncSender<Notice>,
    done: Receiver<()>,
    /// Judgements that no command has begun with.
    untold: Arc<AtomicUsize>,
    /// Whether the user knows that some are left out.
    said: bool,
}

impl Notifier {
    /// Starts the thread; `command` is handed to `sh -c`.
    pub(super) fn spawn(command: String) -> io::Result<Self> {
        let (notices, inbox) = mpsc::sync_channel::<Notice>(WAITING);
        // Nothing is ever sent: the thread's end closes it.
        let (alive, done) = mpsc::sync_channel(0);
        let untold = Arc::new(AtomicUsize::new(0));
        let begun = Arc::clone(&untold);
        thread::Builder::new().name("exec".to_owned()).spawn(move || {
            let _alive = alive;
            let mut said = false;
            for notice in inbox {
                begun.fetch_sub(1, Ordering::Relaxed);
                let problem = match run(&command, &notice) {
                    Ok(status) if status.success() => continue,
                    Ok(status) => format!("ended with {status}"),
                    Err(error) => format!("cannot be run ({error})"),
                };
                if !said {
                    complain(&format!(
                        "--exec: the command {problem}; the watching goes on, and this is said only once"
                    ));
                    said = true;
                }
            }
        })?;
        Ok(Self { notices, done, untold, said: false })
    }

    /// Has the command told, without waiting for it.
    pub(super) fn tell(&mut self, notice: Notice) {
        // Before it is sent: the thread may begin with it at once.
        self.untold.fetch_add(1, Ordering::Relaxed);
        let Err(error) = self.notices.try_send(notice) else { return };
        self.untold.fetch_sub(1, Ordering::Relaxed);
        if let TrySendError::Full(notice) = error
            && !self.said
        {
            let checkpoint = notice.checkpoint.to_string_lossy().into_owned();
            complain(&format!(
                "--exec is slower than the checkpoints come: it is not told of {checkpoint}, nor of all later ones"
            ));
            self.said = true;
        }
    }

    /// Waits for the commands, but not for ever.
    pub(super) fn finish(self) {
        if let Some(sentence) = self.finish_within(PATIENCE) {
            complain(&sentence);
        }
    }

    /// What to say of a command that still runs after this time, and of the judgements that wait behind it.
    fn finish_within(self, patience: Duration) -> Option<String> {
        drop(self.notices);
        if self.done.recv_timeout(patience) != Err(RecvTimeoutError::Timeout) {
            return None;
        }
        let untold = match self.untold.load(Ordering::Relaxed) {
            0 => String::new(),
            count => format!(", and was not told of the last {}", plural(count, "checkpoint")),
        };
        Some(format!("--exec: the command still runs; it is not waited for any longer{untold}"))
    }
}

/// Runs the command with the judgement on its standard input. Standard output is convscope's own, for the lines: what the
/// command prints goes to standard error.
fn run(command: &str, notice: &Notice) -> io::Result<ExitStatus> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env("CONVSCOPE_CHECKPOINT", &notice.checkpoint)
        .env("CONVSCOPE_EXIT", notice.exit.to_string())
        .stdin(Stdio::piped())
        .stdout(io::stderr().as_fd().try_clone_to_owned()?)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A command that does not read it closes the pipe: its exit code says what it wants to say.
        let _ = input.write_all(notice.json.as_bytes()).and_then(|()| input.write_all(b"\n"));
    }
    child.wait()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(json: String) -> Notice {
        Notice { checkpoint: "run/epoch 1.h5".into(), exit: 1, json }
    }

    #[test]
    fn a_command_has_the_judgement_the_path_and_the_exit_code() {
        let folder = tempfile::tempdir().unwrap();
        let told = folder.path().join("told");
        let command =
            format!("cat > '{0}'; echo \"$CONVSCOPE_CHECKPOINT $CONVSCOPE_EXIT\" >> '{0}'", told.display());
        assert!(run(&command, &notice("{}".to_owned())).unwrap().success());
        assert_eq!(std::fs::read_to_string(told).unwrap(), "{}\nrun/epoch 1.h5 1\n");
    }

    #[test]
    fn a_command_that_does_not_read_or_fails_ends_like_itself() {
        let large = || notice(" ".repeat(1 << 20));
        assert!(run("exit 0", &large()).unwrap().success());
        assert_eq!(run("exec < /dev/null; exit 7", &large()).unwrap().code(), Some(7));
        assert_eq!(run("no-such-command", &large()).unwrap().code(), Some(127));
    }

    #[test]
    fn a_slow_command_stops_nobody_and_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (gate, told) = (folder.path().join("gate"), folder.path().join("told"));
        rustix::fs::mkfifoat(rustix::fs::CWD, &gate, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
            .unwrap();
        let command = format!("read line < '{}'; echo >> '{}'", gate.display(), told.display());
        // Open both ways, so that no side ever waits for the other one to open it.
        let mut gate = std::fs::OpenOptions::new().read(true).write(true).open(&gate).unwrap();
        let mut notifier = Notifier::spawn(command).unwrap();
        // One runs, as many as may wait do, and the others are left out: not one of these waits.
        for _ in 0..WAITING + 8 {
            notifier.tell(notice(String::new()));
        }
        assert!(notifier.said);
        // As many lines as there may be commands; the shell's `read` takes no more than its own.
        gate.write_all(&[b'\n'; WAITING + 2]).unwrap();
        notifier.finish();
        let lines = std::fs::read_to_string(told).unwrap().lines().count();
        assert!((WAITING..=WAITING + 1).contains(&lines), "{lines}");
    }

    #[test]
    fn a_command_that_hangs_keeps_nobody_and_what_it_was_not_told_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let [gate, begun, ended] = ["gate", "begun", "ended"].map(|name| folder.path().join(name));
        rustix::fs::mkfifoat(rustix::fs::CWD, &gate, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
            .unwrap();
        // Held open to the end: a command that finds nobody at the other side would wait for ever.
        let mut open = std::fs::OpenOptions::new().read(true).write(true).open(&gate).unwrap();
        let wait_for = |lines: usize, path: &std::path::Path| {
            while std::fs::read_to_string(path).unwrap_or_default().lines().count() < lines {
                thread::sleep(Duration::from_millis(1));
            }
        };
        let [at_gate, at_begun, at_ended] = [&gate, &begun, &ended].map(|path| path.display());
        let command = format!("echo >> '{at_begun}'; read line < '{at_gate}'; echo >> '{at_ended}'");
        let mut notifier = Notifier::spawn(command).unwrap();
        for _ in 0..3 {
            notifier.tell(notice(String::new()));
        }
        wait_for(1, &begun);
        let sentence = notifier.finish_within(Duration::from_millis(1)).unwrap();
        assert!(sentence.ends_with("any longer, and was not told of the last 2 checkpoints"), "{sentence}");
        open.write_all(b"\n\n\n").unwrap();
        wait_for(3, &ended);
    }
}
