//! The `convscope` program.

use std::{env, process::ExitCode};

use convscope::checkpoint::{READER_COMMAND, serve};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == READER_COMMAND) {
        return serve(arguments);
    }
    ExitCode::from(2)
}
