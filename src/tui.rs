//! The shell: the only place with a terminal. One inbox, one loop.
//!
//! Keys, answers of the terminal, finished work and signals all arrive in one channel. The loop takes everything that
//! waits, lets the core decide, carries out its effects, and then draws once: a key held down over a slow line never
//! queues frames.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::app::comparison::Comparison;
use crate::app::msg::Msg;
use crate::app::run::Study;
use crate::app::state::{Choices, State, Ticket};
use crate::app::update::{is_reading, update};
use crate::jobs::diagnose;
use crate::jobs::latest::Latest;
use crate::jobs::read::Reader;
use crate::jobs::response::{self, Request};
use crate::jobs::run::{Run, Shelf};
use crate::photo::Photo;

mod answers;
mod cells;
mod detect;
pub mod doctor;
mod effects;
mod few_colors;
mod frames;
pub mod fuzzing;
mod graphics;
mod heap;
mod input;
mod kitty;
mod learning;
mod pace;
mod pictures;
mod png;
mod screen;
mod signals;
mod sixel;
pub mod terminal;

pub use terminal::leave_on_panic;

use answers::Answer;
pub use detect::Forced;
use detect::{Environment, Evidence, Multiplexer, Tmux};
use input::Input;
use pace::Pace;
use pictures::{Key, Made, Pictures};
use screen::Screen;

/// What the viewer is to show, and how.
#[derive(Debug)]
pub struct Options {
    /// The checkpoints.
    pub run: Run,
    /// The checkpoint that they are compared with.
    pub against: Option<PathBuf>,
    /// The photo; `None`: the built-in one.
    pub photo: Option<PathBuf>,
    /// What was chosen on the command line.
    pub choices: Choices,
    /// What is so whatever the terminal says.
    pub forced: Forced,
}

/// What arrives in the inbox.
enum Event {
    Msg(Msg),
    Answer(Answer),
    Tmux(Option<Tmux>),
    Picture(Ticket, Box<Key>, Result<Box<Made>, String>),
    /// The terminal has the focus again.
    Focus,
    /// The photo could not be used.
    Photo(String),
}

/// How long the first frame waits for the layers and the first weights: a screen that fills at once is better than an
/// empty one a moment earlier.
const PATIENCE: Duration = Duration::from_millis(60);
/// The same where a layer was named: another one would have to give way, or the screen to a sentence.
const PATIENCE_WITH_NAME: Duration = Duration::from_millis(400);
/// How long a layer that is being read may delay a frame.
const GRACE: Duration = Duration::from_millis(40);
/// How long the selection has rested when what is too much for each key is drawn. A key that is held down comes again
/// sooner.
const PAUSE: Duration = Duration::from_millis(130);
/// How long the terminal has to answer before half-blocks are drawn; answers that come later still count.
const ANSWER_TIME: Duration = Duration::from_millis(300);

/// Shows the viewer until the user leaves.
///
/// # Errors
/// When there is no terminal, or nothing to show: one sentence, after the terminal has been given back.
pub fn run(options: Options) -> anyhow::Result<ExitCode> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        bail!("the viewer needs a terminal; `convscope show` and `convscope stats` print without one");
    }
    if Environment::read().is_dumb() {
        bail!(
            "the viewer cannot place the cursor in this terminal (TERM is dumb or not set); `convscope show`, \
             `convscope stats` and `convscope check` print without that"
        );
    }
    heap::share();
    let (sender, inbox) = mpsc::channel();
    let mut shell = Shell::start(options, sender.clone());
    let end = shell.open(&sender, &inbox).and_then(|()| shell.browse(&inbox));
    let _ = terminal::write(shell.pictures.forget().as_bytes());
    shell.take_last_answers(&inbox);
    terminal::leave();
    end?;
    match shell.failure.take() {
        Some(sentence) => bail!(sentence),
        None => Ok(ExitCode::SUCCESS),
    }
}

struct Shell {
    state: State,
    evidence: Evidence,
    reader: Reader,
    responder: Latest<Request>,
    after_frame: AfterFrame,
    /// The response that may be wanted next.
    ahead: Option<Request>,
    /// The kernel whose response was asked for last, and of which reading.
    walked: Option<(Ticket, usize)>,
    judge: Latest<diagnose::Request>,
    /// What is on the screen.
    screen: Screen,
    /// More than the picture may have changed since.
    stale: bool,
    pictures: Pictures,
    pace: Pace,
    /// By how much the sides of drafts are divided, for the thread that makes them.
    draft: Arc<AtomicUsize>,
    /// Makes tmux be asked at once who shows the pane.
    tmux: Option<Sender<()>>,
    /// When the terminal was asked what it can do.
    asked: Instant,
    /// When the user did something last.
    last_input: Instant,
    /// What to write before the next frame.
    pending: Vec<u8>,
    /// When the layer that is being read was asked for.
    reading_since: Option<Instant>,
    /// When the run that plays went on.
    last_beat: Option<Instant>,
    failure: Option<String>,
    done: bool,
}

/// What is asked for when the frame is drawn; of each kind the newest is wanted.
#[derive(Default)]
struct AfterFrame {
    response: Option<Request>,
    judge: Option<diagnose::Request>,
    study: Option<(Ticket, Box<Study>)>,
}

fn window() -> [u16; 4] {
    match crossterm::terminal::window_size() {
        Ok(size) => [size.columns, size.rows, size.width, size.height],
        Err(_) => [80, 24, 0, 0],
    }
}

impl Shell {
    fn start(options: Options, sender: Sender<Event>) -> Self {
        let title = options.run.title.clone();
        let epochs = Shelf::of(&options.run.places).all();
        let (start, watched) = (options.run.start, options.run.watched.is_some());
        let photo_name = options
            .photo
            .as_ref()
            .and_then(|path| path.file_name())
            .map_or_else(|| crate::demo::PHOTO_NAME.to_owned(), |name| name.to_string_lossy().into_owned());
        let send = {
            let sender = sender.clone();
            move |msg| {
                let _ = sender.send(Event::Msg(msg));
            }
        };
        let comparison =
            options.against.as_ref().map(|path| Comparison::with(path.to_string_lossy().into_owned()));
        let reader = Reader::spawn(options.run, options.against, send.clone());
        let judge = diagnose::spawn(send);
        let photo = {
            let sender = sender.clone();
            let path = options.photo;
            move || match path.map(|path| Photo::open(&path)) {
                None => crate::demo::photo(),
                Some(Ok(photo)) => photo,
                Some(Err(error)) => {
                    let _ = sender.send(Event::Photo(error.to_string()));
                    crate::demo::photo()
                }
            }
        };
        let draft = Arc::new(AtomicUsize::new(1));
        let scale = Arc::clone(&draft);
        let responder = response::spawn(photo, move |request, result| {
            let key = Box::new(Key::of(&request.spec, request.weights.as_deref()));
            let made = result.and_then(|(drawn, facts)| {
                let encode = |scale| graphics::encode(&drawn, &request.spec.facts, scale);
                let draft = match scale.load(Ordering::Relaxed) {
                    ..2 => None,
                    scale => Some(encode(scale)?),
                };
                Ok(Box::new(Made { facts, full: encode(1)?, draft }))
            });
            let _ = sender.send(Event::Picture(request.ticket, key, made));
        });
        let window = window();
        let evidence = Evidence {
            environment: Environment::read(),
            forced: options.forced,
            window,
            ..Evidence::default()
        };
        let screen = (window[0], window[1]);
        let mut state = State::new(title, photo_name, screen, evidence.facts(), options.choices);
        state.comparison = comparison;
        update(&mut state, Msg::Epochs { epochs, start: Some(start), watched });
        Self {
            state,
            evidence,
            reader,
            responder,
            after_frame: AfterFrame::default(),
            ahead: None,
            walked: None,
            judge,
            screen: Screen::default(),
            stale: true,
            pictures: Pictures::default(),
            pace: Pace::default(),
            draft,
            tmux: None,
            asked: Instant::now(),
            last_input: Instant::now(),
            pending: Vec::new(),
            reading_since: None,
            last_beat: None,
            failure: None,
            done: false,
        }
    }

    /// Waits a moment for something to show, then takes the terminal, asks it what it can do, and draws.
    fn open(&mut self, sender: &Sender<Event>, inbox: &Receiver<Event>) -> anyhow::Result<()> {
        let named = self.state.choices.layer.is_some();
        let until = Instant::now() + if named { PATIENCE_WITH_NAME } else { PATIENCE };
        self.reading_since = Some(Instant::now());
        self.rehearse();
        while !self.done && is_reading(&self.state) {
            match inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(event) => self.take(event),
                Err(_) => break,
            }
        }
        if self.done {
            return Ok(());
        }
        // Before the terminal is taken: from then on no signal may end the program without giving it back.
        let send = sender.clone();
        signals::spawn(move |msg| send.send(Event::Msg(msg)).is_ok())?;
        // A window that changed its size before someone listened sends no second signal.
        self.resized();
        terminal::enter(self.state.mouse).context("the terminal cannot be used")?;
        self.asked = Instant::now();
        self.pending.extend_from_slice(answers::questions(&self.evidence.environment).as_bytes());
        self.blank();
        self.draw()?;
        let send = sender.clone();
        input::spawn(move |input| {
            let event = match input {
                Input::Msg(msg) => Event::Msg(msg),
                Input::Answer(answer) => Event::Answer(answer),
                Input::Focus => Event::Focus,
            };
            send.send(event).is_ok()
        })?;
        if self.evidence.multiplexer().value == Multiplexer::Tmux {
            let send = sender.clone();
            self.tmux = Some(detect::watch(move |tmux| send.send(Event::Tmux(tmux)).is_ok())?);
        }
        Ok(())
    }

    fn browse(&mut self, inbox: &Receiver<Event>) -> anyhow::Result<()> {
        let mut answers_until = Some(Instant::now() + ANSWER_TIME);
        let mut held_until = None;
        while !self.done {
            self.ask_for_the_rest();
            let reading = self.reading_since.map(|since| since + GRACE);
            let rest = (self.pictures.is_draft() && held_until.is_none())
                .then(|| self.last_input + self.pace.rest());
            let behind = self.state.run.film_behind(self.state.kernel).is_some();
            let pause = (behind && held_until.is_none()).then(|| self.last_input + PAUSE);
            let deadlines = [answers_until, reading, held_until, rest, pause, self.beat()];
            let deadline = deadlines.into_iter().flatten().min();
            let event = match deadline {
                None => inbox.recv().map_err(|_closed| RecvTimeoutError::Disconnected),
                Some(deadline) => inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            };
            // That a frame has arrived changes nothing on the screen, but one that was held back may go now.
            let mut news = held_until.is_some();
            match event {
                Ok(event) => {
                    news |= !matches!(event, Event::Answer(Answer::Status));
                    self.take(event);
                }
                Err(RecvTimeoutError::Timeout) => news = true,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if answers_until.is_some_and(|until| until <= Instant::now() || self.evidence.complete) {
                (answers_until, news) = (None, true);
                self.evidence.complete = true;
                self.learnt();
            }
            if self.beat().is_some_and(|beat| beat <= Instant::now()) {
                (self.last_beat, news) = (Some(Instant::now()), true);
                self.update(Msg::Beat);
            }
            if pause.is_some() && self.last_input + PAUSE <= Instant::now() {
                news = true;
                self.update(Msg::Rest);
            }
            // Everything that waits, before the one frame.
            while let (false, Ok(event)) = (self.done, inbox.try_recv()) {
                news |= !matches!(event, Event::Answer(Answer::Status));
                self.take(event);
            }
            if !news {
                continue;
            }
            // A layer on its way is worth a moment: an empty pane in between would flicker.
            if self.reading_since.is_some_and(|since| since.elapsed() < GRACE) && is_reading(&self.state) {
                continue;
            }
            self.reading_since = None;
            let now = Instant::now();
            held_until = self.pace.ready(now).err();
            if self.done || held_until.is_some() {
                continue;
            }
            if self.pictures.is_draft() && now >= self.last_input + self.pace.rest() {
                self.pictures.rest();
            }
            self.draw()?;
        }
        Ok(())
    }

    /// When the next epoch is due, while the run plays.
    fn beat(&mut self) -> Option<Instant> {
        let Some(pause) = self.state.run.beat() else {
            self.last_beat = None;
            return None;
        };
        Some(*self.last_beat.get_or_insert_with(Instant::now) + Duration::from_millis(pause))
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Msg(msg) => {
                if let Msg::Key(_) | Msg::Mouse(_) = msg {
                    self.last_input = Instant::now();
                }
                if let Msg::Resize { .. } = msg {
                    self.measure();
                }
                self.update(msg);
            }
            Event::Answer(answer) => self.answered(answer),
            Event::Tmux(tmux) => self.attached(tmux.unwrap_or_default()),
            Event::Picture(ticket, key, result) => {
                // A late picture never replaces a newer one.
                if self.state.preview.pending != Some(ticket) {
                    if let Ok(made) = result {
                        self.pictures.keep(*key, *made);
                    }
                    return;
                }
                let result = result.map(|made| {
                    let facts = made.facts.clone();
                    self.pictures.show(*key, *made);
                    facts
                });
                if result.is_err() {
                    self.pictures.hide();
                }
                self.update(Msg::Responded { ticket, result });
            }
            Event::Focus => self.focused(),
            Event::Photo(sentence) => self.fail(sentence),
        }
    }

    fn fail(&mut self, sentence: String) {
        self.failure.get_or_insert(sentence);
        self.done = true;
    }
}
