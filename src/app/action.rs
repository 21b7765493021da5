//! What a key can do.

/// A step in the pane that has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    Up,
    Down,
    Left,
    Right,
    First,
    Last,
    PageUp,
    PageDown,
}

/// What the user asks for. One row of the [keymap](super::keymap::KEYMAP) each, one arm of
/// [`update`](super::update::update) each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave.
    Quit,
    /// Stop, as `Ctrl-Z` does in a shell.
    Suspend,
    /// Show or hide the list of keys.
    Help,
    /// Draw everything anew.
    Redraw,
    /// Take the mouse, or leave it to the terminal.
    ToggleMouse,
    /// The next pane has the focus.
    NextPane,
    /// The pane before has the focus.
    PreviousPane,
    /// Move the selection of the pane.
    Move(Step),
    /// What `Enter` means in the pane: a kernel large, or the layer's kernels.
    Open,
    /// Back from what was opened.
    Back,
    /// Begin to search the layers.
    Search,
    /// The next layer that the search finds.
    NextMatch,
    /// The one before.
    PreviousMatch,
    /// Begin to type a kernel's number.
    Jump,
    /// The next layer with kernels.
    NextLayer,
    /// The one before.
    PreviousLayer,
    /// The next kernel, in the grid and when one fills the pane.
    NextKernel,
    /// The one before.
    PreviousKernel,
    /// What is drawn of two checkpoints or epochs: the next of A, B and their difference.
    Side,
    /// Mark the epoch that the others are compared with, or end that.
    Mark,
    /// The next epoch of the run.
    NextEpoch,
    /// The one before.
    PreviousEpoch,
    /// The first epoch.
    FirstEpoch,
    /// The newest epoch.
    LastEpoch,
    /// The run plays, or stands.
    Play,
    /// Larger kernels.
    ZoomIn,
    /// Smaller kernels.
    ZoomOut,
    /// As large as fits the whole layer.
    ZoomFit,
    /// The next way from weights to brightness.
    Normalization,
    /// Red first or blue first.
    ChannelOrder,
    /// The next slice (input channel).
    NextSlice,
    /// The slice before.
    PreviousSlice,
    /// The other guess of the layout of a foreign file.
    Layout,
    /// The verdicts' marks, shown or not.
    Marks,
    /// The next order of the grid.
    Sort,
    /// The order of the layer again, and every kernel.
    Unsort,
    /// Only the next verdict that there is.
    Filter,
    /// The responses of all kernels, or the kernels again.
    Responses,
    /// The next way from a response to brightness.
    ResponseMode,
    /// The photo itself, or the response to it.
    Photo,
    /// Stride 1, or the layer's own.
    Stride,
    /// The next preprocessing.
    Preprocessing,
}

/// What each action is called in the configuration. The names are stable.
const NAMES: &[(Action, &str)] = &[
    (Action::Quit, "quit"),
    (Action::Suspend, "suspend"),
    (Action::Help, "help"),
    (Action::Redraw, "redraw"),
    (Action::ToggleMouse, "toggle-mouse"),
    (Action::NextPane, "next-pane"),
    (Action::PreviousPane, "previous-pane"),
    (Action::Move(Step::Up), "up"),
    (Action::Move(Step::Down), "down"),
    (Action::Move(Step::Left), "left"),
    (Action::Move(Step::Right), "right"),
    (Action::Move(Step::First), "first"),
    (Action::Move(Step::Last), "last"),
    (Action::Move(Step::PageUp), "page-up"),
    (Action::Move(Step::PageDown), "page-down"),
    (Action::Open, "open"),
    (Action::Back, "back"),
    (Action::Search, "search"),
    (Action::NextMatch, "next-match"),
    (Action::PreviousMatch, "previous-match"),
    (Action::Jump, "jump"),
    (Action::NextLayer, "next-layer"),
    (Action::PreviousLayer, "previous-layer"),
    (Action::NextKernel, "next-kernel"),
    (Action::PreviousKernel, "previous-kernel"),
    (Action::Side, "side"),
    (Action::Mark, "mark"),
    (Action::NextEpoch, "next-epoch"),
    (Action::PreviousEpoch, "previous-epoch"),
    (Action::FirstEpoch, "first-epoch"),
    (Action::LastEpoch, "last-epoch"),
    (Action::Play, "play"),
    (Action::Responses, "responses"),
    (Action::ZoomIn, "zoom-in"),
    (Action::ZoomOut, "zoom-out"),
    (Action::ZoomFit, "zoom-fit"),
    (Action::Normalization, "normalization"),
    (Action::ChannelOrder, "channel-order"),
    (Action::NextSlice, "next-slice"),
    (Action::PreviousSlice, "previous-slice"),
    (Action::Layout, "layout"),
    (Action::Marks, "marks"),
    (Action::Sort, "sort"),
    (Action::Unsort, "unsort"),
    (Action::Filter, "filter"),
    (Action::ResponseMode, "response-mode"),
    (Action::Photo, "photo"),
    (Action::Stride, "stride"),
    (Action::Preprocessing, "preprocessing"),
];

impl Action {
    /// Its name in the configuration; empty where it has none.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// The action of this name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The names of all actions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|row| row.1)
    }
}
