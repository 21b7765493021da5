//! The configuration as a user has it: the command, the file, and what the viewer shows of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use clap::{CommandFactory, ValueEnum};
use convscope::app::action::Action;
use convscope::app::key::Key;
use convscope::app::keymap::Keymap;
use convscope::app::state::{Choices, Mode};
use convscope::cli::{ChannelChoice, Cli, ColorChoice, GraphicsChoice, PreprocessChoice, ThemeChoice};
use convscope::config::Config;
use convscope::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cli::refused;
use crate::session::{Session, conv};

/// convscope in a home of its own.
fn at_home(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_convscope"))
        .args(arguments)
        .env("HOME", home)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("CONVSCOPE_CONFIG")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_printed_configuration_is_saved_and_loaded() {
    let home = tempfile::tempdir().unwrap();
    let place = text(&at_home(home.path(), &["config", "--path"]).stdout);
    let file = home.path().join(".config/convscope/config.toml");
    assert_eq!(place.trim_end(), file.to_str().unwrap());
    let printed = at_home(home.path(), &["config"]);
    assert!(printed.status.success());
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, &printed.stdout).unwrap();
    let loaded = Config::load(Some(&file)).unwrap();
    assert_eq!(loaded.keymap, Keymap::default());
    let again = at_home(home.path(), &["config"]);
    assert_eq!(text(&again.stdout), loaded.to_toml());
    assert!(text(&again.stdout).contains("theme = \"auto\"  # from the file"));
}

#[test]
fn a_mistake_is_one_sentence_with_its_place() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("c.toml");
    fs::write(&file, "[keys]\nnxt-layer = 'x'\n").unwrap();
    let named = file.to_str().unwrap();
    let missing = home.path().join("missing.toml");
    let folder = home.path().to_str().unwrap();
    for arguments in [["config", "--config", named], ["demo", "--config", named]] {
        let output = at_home(home.path(), &arguments);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(
            said.starts_with(&format!("convscope: {named}:2:1: there is no action nxt-layer; did you")),
            "{said}"
        );
        assert!(output.stdout.is_empty());
    }
    for path in [missing.to_str().unwrap(), folder] {
        let output = at_home(home.path(), &["config", "--config", path]);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains(path) && said.contains("cannot be read"), "{said}");
    }
    fs::write(&file, b"theme = 'dark'\n# \xff").unwrap();
    let said = text(&at_home(home.path(), &["config", "--config", named]).stderr);
    assert!(said.contains(":2:3: is no UTF-8 text"), "{said}");
}

/// What the file takes is what the command line takes.
#[test]
fn words_are_those_of_the_command_line() {
    fn check<T: ValueEnum>(setting: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        for choice in T::value_variants() {
            let value = choice.to_possible_value().unwrap();
            fs::write(&file, format!("{setting} = '{}'", value.get_name())).unwrap();
            let printed = Config::load(Some(&file)).unwrap().to_toml();
            let count = printed.split(&format!("\n{setting} = ")).next().unwrap();
            let words = count.rsplit(": ").next().unwrap().split(", ").count();
            assert!(printed.contains(&format!("\n{setting} = \"{}\"", value.get_name())), "{printed}");
            assert_eq!(words, T::value_variants().len(), "{setting}");
        }
        let command = Cli::command();
        assert!(command.get_arguments().any(|argument| argument.get_long() == Some(setting)), "--{setting}");
    }
    check::<ThemeChoice>("theme");
    check::<ColorChoice>("color");
    check::<GraphicsChoice>("graphics");
    check::<PreprocessChoice>("preprocess");
    check::<ChannelChoice>("channels");
}

fn session(text: &str) -> Session {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    fs::write(&file, text).unwrap();
    let keymap = Config::load(Some(&file)).unwrap().keymap;
    let layers = vec![conv("conv1", 7, 3, 12), conv("conv2", 3, 16, 20)];
    Session::with_choices(layers, 100, 60, Choices { keymap, ..Choices::default() })
}

fn shown(session: &Session) -> String {
    let (width, height) = session.state.screen;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view::draw(&mut buffer, &session.state, None);
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn keys_are_the_configurations_wherever_they_are_shown() {
    let mut session = session(
        "[keys]\nnext-layer = ['ctrl+n']\nhelp = ['H']\nquit = ['Q']\nsearch = ['f']\npreprocessing = []\n\
         back = ['x']\nup = ['w']",
    );
    session.keys("}?q/");
    assert_eq!((session.state.layer, &session.state.mode), (0, &Mode::Browse), "the old keys do nothing");
    session.keys("n");
    assert_eq!(session.state.message.as_deref(), Some("nothing was searched for yet: f begins"));
    session.keys("a");
    let screen = shown(&session);
    let footer = screen.lines().last().unwrap();
    assert!(footer.contains("H help  f search  Q quit"), "{footer}");
    session.take(convscope::app::msg::Msg::Key(Key::Ctrl('n')));
    assert_eq!(session.state.layer, 1);
    session.keys("H");
    let help = shown(&session);
    assert!(help.contains("Ctrl-N       next layer that has kernels"), "{help}");
    assert!(!help.contains("how the network was fed"), "what no key does is not listed:\n{help}");
    assert!(help.contains(" x closes "), "{help}");
    session.keys("x");
    assert_eq!(session.state.mode, Mode::Browse);
    session.keys("f");
    session.keys("conv1<esc>");
    assert_eq!(session.state.mode, Mode::Browse, "Escape leaves what is typed, whatever it is bound to");
    session.state.screen = (40, 10);
    assert!(shown(&session).contains("(Q leaves)"));
    session.keys("Q");
    assert!(session.effects.contains(&convscope::app::effect::Effect::Quit));
    assert_eq!(Action::Quit.name(), "quit");
}

#[test]
fn a_command_behind_an_option_is_told_where_it_belongs() {
    for name in ["config", "doctor", "demo"] {
        let sentence = refused(&["--theme", "light", name]);
        let expected =
            format!("{name}: no such file; for the command, put it before the options: `convscope {name} …`");
        assert!(sentence.contains(&expected), "{sentence}");
    }
}
