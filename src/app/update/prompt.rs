//! What is typed into the status line: a search through the layers, a kernel's number.

use crate::app::action::Action;
use crate::app::key::Key;
use crate::app::state::{Middle, Mode, Pane, State};

/// The longest text that makes sense here.
const LONGEST: usize = 200;

/// A search begins.
pub(super) fn begin_search(state: &mut State) {
    state.search.clear();
    state.mode = Mode::Search { from: state.layer };
}

/// A kernel's number begins, maybe with its first digit.
pub(super) fn begin_jump(state: &mut State, digit: Option<char>) {
    state.mode = Mode::Jump(digit.map(String::from).unwrap_or_default());
}

/// A key goes to what is being typed.
pub(super) fn on_key(state: &mut State, key: Key) {
    match (key, &mut state.mode) {
        (Key::Esc, Mode::Search { from }) => {
            state.layer = *from;
            state.search.clear();
            state.mode = Mode::Browse;
        }
        (Key::Enter, Mode::Jump(number)) => {
            let number = std::mem::take(number);
            state.mode = Mode::Browse;
            jump(state, &number);
        }
        (Key::Esc | Key::Enter, _) => state.mode = Mode::Browse,
        (Key::Backspace, _) => erase(state),
        (Key::Char(c), _) => type_char(state, c),
        _ => {}
    }
}

/// The last character goes; where there is none, the prompt closes.
fn erase(state: &mut State) {
    let erased = match &mut state.mode {
        Mode::Jump(number) => number.pop(),
        _ => state.search.pop(),
    };
    match state.mode {
        _ if erased.is_none() => state.mode = Mode::Browse,
        Mode::Search { from } => find(state, from),
        _ => {}
    }
}

/// Pasted text goes where a prompt is open, and nowhere else.
pub(super) fn paste(state: &mut State, text: &str) {
    if matches!(state.mode, Mode::Search { .. } | Mode::Jump(_)) {
        text.chars().filter(|c| !c.is_control()).take(LONGEST).for_each(|c| type_char(state, c));
    }
}

fn type_char(state: &mut State, c: char) {
    match &mut state.mode {
        Mode::Jump(number) if c.is_ascii_digit() && number.len() < 9 => number.push(c),
        Mode::Search { from } if state.search.len() < LONGEST => {
            let from = *from;
            state.search.push(c);
            find(state, from);
        }
        _ => {}
    }
}

fn jump(state: &mut State, number: &str) {
    let Some(count) = state.kernels().map(|kernels| kernels.shape.c_out) else { return };
    match number.parse::<usize>() {
        Ok(kernel) if kernel < count => {
            state.kernel = kernel;
            if !state.order.contains(&kernel) {
                // Whoever names a kernel wants to see it.
                state.ordering.filter = None;
            }
            if let Middle::Response { of_sheet } = state.middle {
                state.middle = if of_sheet { Middle::Responses } else { Middle::Grid };
            }
            // The sheet shows it too.
            let on_sheet = state.middle == Middle::Responses;
            state.focus = if on_sheet { Pane::Response } else { Pane::Kernels };
        }
        Ok(kernel) => {
            state.message = Some(format!("no kernel {kernel}: there are 0 to {}", count.saturating_sub(1)));
        }
        // Nothing was typed.
        Err(_) => {}
    }
}

/// Whether a layer's name holds what is searched for, whatever the case.
pub fn matches(name: &str, search: &str) -> bool {
    !search.is_empty() && name.to_lowercase().contains(&search.to_lowercase())
}

/// Selects the first layer from `from` on, around the end, that the search finds; without one, `from` itself.
fn find(state: &mut State, from: usize) {
    let count = state.layers.len();
    let found = (0..count)
        .map(|step| (from + step) % count)
        .find(|at| matches(&state.layers[*at].name, &state.search));
    state.layer = found.unwrap_or(from);
    state.message = (found.is_none() && !state.search.is_empty()).then(|| "no layer is called so".to_owned());
}

/// The next or previous layer that the search finds, around the end.
pub(super) fn next_match(state: &mut State, forward: bool) {
    if state.search.is_empty() {
        let begins = state.choices.keymap.key(Action::Search).map(|key| format!(": {key} begins"));
        state.message = Some(format!("nothing was searched for yet{}", begins.unwrap_or_default()));
        return;
    }
    let count = state.layers.len();
    let at = |step: usize| {
        if forward { (state.layer + step) % count } else { (state.layer + count - step) % count }
    };
    match (1..=count).map(at).find(|at| matches(&state.layers[*at].name, &state.search)) {
        Some(layer) => state.layer = layer,
        None => state.message = Some(format!("no layer holds {}", state.search)),
    }
}
