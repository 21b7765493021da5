//! What each message does to the state: one line a message here, the behaviour in `update/<concern>.rs`.

use super::action::Action;
use super::comparison::Comparison;
use super::effect::Effect;
use super::key::Key;
use super::msg::Msg;
use super::state::{Load, Mode, Pane, State};

mod compare;
mod display;
mod follow;
mod judge;
mod mark;
mod mouse;
mod navigate;
mod open;
mod preview;
mod prompt;
mod study;
mod timeline;

pub use follow::HISTOGRAM_BINS;
pub use preview::caption_rows;
pub use prompt::matches;

/// Takes one message into the state, and says what the shell is to do about it.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Key(key) => on_key(state, key, &mut effects),
        Msg::Paste(text) => prompt::paste(state, &text),
        Msg::Mouse(event) => mouse::on_mouse(state, event),
        Msg::Resize { width, height } => state.screen = (width, height),
        Msg::Terminal(facts) => state.facts = facts,
        Msg::Layers { network, layers } => open::layers(state, network.as_deref(), layers),
        Msg::Opened(result) => open::opened(state, result, &mut effects),
        Msg::Read { ticket, result } => open::read(state, ticket, result),
        Msg::Gain { ticket, gain } => judge::gain(state, ticket, gain),
        Msg::Judged { ticket, kernels } => judge::judged(state, ticket, kernels),
        Msg::LayerJudged { ticket, diagnosis } => judge::layer_judged(state, ticket, *diagnosis),
        Msg::Responded { ticket, result } => preview::responded(state, ticket, result),
        Msg::Against(result) => compare::against(state, result, &mut effects),
        Msg::Compared { ticket, result } => compare::compared(state, ticket, result),
        Msg::Epochs { epochs, start, watched } => timeline::epochs(state, epochs, start, watched),
        Msg::Instead(epoch) => timeline::instead(state, epoch),
        Msg::Network { epoch, layers, opened } => {
            timeline::network(state, epoch, layers, opened, &mut effects);
        }
        Msg::Files(word) => state.run.word = word,
        Msg::Studied { ticket, result } => study::studied(state, ticket, result),
        Msg::Rest => timeline::rest(state),
        Msg::Beat => timeline::beat(state),
        Msg::Notice(sentence) => state.message = Some(sentence),
        Msg::Resumed => {
            preview::forget(state, &mut effects);
            effects.push(Effect::Redraw);
        }
        Msg::Suspend => effects.push(Effect::Suspend),
        Msg::Hangup => effects.push(Effect::Quit),
    }
    follow::follow(state, &mut effects);
    effects
}

fn on_key(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    state.message = None;
    // Ctrl-C leaves and Ctrl-Z stops wherever the keys go otherwise.
    let always = [Action::Quit, Action::Suspend];
    let bound = state.choices.keymap.action(key, state.focus);
    if let (Key::Ctrl(_), Some(action)) = (key, bound)
        && always.contains(&action)
    {
        return act(state, action, effects);
    }
    match state.mode {
        Mode::Browse => match (key, bound) {
            (Key::Char(digit @ '0'..='9'), None) => prompt::begin_jump(state, Some(digit)),
            (_, Some(action)) => act(state, action, effects),
            (_, None) => {}
        },
        Mode::Help(top) => navigate::help(state, top, key, bound),
        Mode::Search { .. } | Mode::Jump(_) => prompt::on_key(state, key),
    }
}

fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Quit => effects.push(Effect::Quit),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Help => state.mode = Mode::Help(0),
        Action::Redraw => {
            preview::forget(state, effects);
            effects.push(Effect::Redraw);
        }
        Action::ToggleMouse => display::toggle_mouse(state, effects),
        Action::NextPane => turn_focus(state, 1),
        Action::PreviousPane => turn_focus(state, Pane::ALL.len() - 1),
        Action::Move(step) => navigate::step(state, step),
        Action::Open => navigate::open(state),
        Action::Back => navigate::back(state),
        Action::Search => prompt::begin_search(state),
        Action::NextMatch => prompt::next_match(state, true),
        Action::PreviousMatch => prompt::next_match(state, false),
        Action::Jump => prompt::begin_jump(state, None),
        Action::NextLayer => navigate::layer_with_kernels(state, true),
        Action::PreviousLayer => navigate::layer_with_kernels(state, false),
        Action::NextKernel => navigate::kernel_by(state, 1),
        Action::PreviousKernel => navigate::kernel_by(state, -1),
        Action::Side => mark::next_side(state),
        Action::Mark => mark::mark(state),
        Action::NextEpoch => timeline::step(state, 1),
        Action::PreviousEpoch => timeline::step(state, -1),
        Action::FirstEpoch => timeline::select(state, 0),
        Action::LastEpoch => timeline::select(state, usize::MAX),
        Action::Play => timeline::play(state),
        Action::ZoomIn => display::zoom(state, 1),
        Action::ZoomOut => display::zoom(state, -1),
        Action::ZoomFit => state.zoom = None,
        Action::Normalization => state.normalization = state.normalization.next(),
        Action::ChannelOrder => display::channel_order(state),
        Action::NextSlice => display::slice(state, true),
        Action::PreviousSlice => display::slice(state, false),
        Action::Layout => display::layout(state),
        Action::Marks => state.marks_hidden = !state.marks_hidden,
        Action::Sort => judge::sort(state),
        Action::Unsort => judge::unsort(state),
        Action::Filter => judge::filter(state),
        Action::Responses => navigate::responses(state),
        Action::ResponseMode => state.response_mode = state.response_mode.next(),
        Action::Photo => state.photo_shown = !state.photo_shown,
        Action::Stride => display::stride(state),
        Action::Preprocessing => display::preprocessing(state),
    }
}

fn turn_focus(state: &mut State, by: usize) {
    let at = Pane::ALL.iter().position(|pane| *pane == state.focus).unwrap_or(0);
    state.focus = Pane::ALL[(at + by) % Pane::ALL.len()];
}

/// Whether a layer's numbers are on their way, or those that they are compared with, or the layer that was asked for: the
/// shell waits a moment before it draws an empty pane, or the wrong one.
pub fn is_reading(state: &State) -> bool {
    matches!(state.data, Load::Pending(_))
        || state.comparison.as_ref().is_some_and(Comparison::is_pending)
        || ((state.layers.is_empty() || state.choices.layer.is_some())
            && matches!(state.index, Load::Pending(_)))
}
