//! Frames: what is drawn, with which picture, and what of it travels.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use anyhow::Context;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::answers::Answer;
use super::screen::Screen;
use super::{Event, Shell, pace, terminal};
use crate::app::msg::Msg;
use crate::view;

impl Shell {
    /// Shows no picture, and makes the terminal drop those that it keeps.
    pub(super) fn forget_pictures(&mut self) {
        self.pictures.hide();
        self.pending.extend(self.pictures.forget().into_bytes());
    }

    /// Draws a frame that nobody sees, while there is nothing else to do but to wait: the first one that counts takes twice
    /// as long where its code is not in memory yet.
    pub(super) fn rehearse(&self) {
        let (width, height) = self.state.screen;
        let area = Rect::new(0, 0, width, height);
        let mut frame = Buffer::empty(area);
        view::draw(&mut frame, &self.state, None);
        Screen::blank(area).turn_into(frame, None, &[], &[]);
    }

    /// The screen was just cleared.
    pub(super) fn blank(&mut self) {
        let (width, height) = self.state.screen;
        self.screen = Screen::blank(Rect::new(0, 0, width, height));
    }

    /// Waits for the answers that are still on their way: after the end the user's own shell would take them for keys.
    pub(super) fn take_last_answers(&mut self, inbox: &Receiver<Event>) {
        let until = Instant::now() + self.pace.patience();
        while self.pace.waits() {
            match inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Event::Answer(Answer::Status)) => self.pace.answer(Instant::now()),
                // The line is gone, and nobody is there to be bothered.
                Ok(Event::Msg(Msg::Hangup)) | Err(_) => break,
                Ok(_) => {}
            }
        }
    }

    /// The cells of the next frame. Where only a picture came, all panes but its own are as they were.
    fn next_cells(&mut self) -> Buffer {
        let (width, height) = self.state.screen;
        let area = Rect::new(0, 0, width, height);
        let picture = self.pictures.current().map(|picture| picture as &dyn view::Picture);
        let copy = if std::mem::take(&mut self.stale) { None } else { self.screen.copy(area) };
        if let Some(mut cells) = copy
            && view::redraw_response(&mut cells, &self.state, picture)
        {
            #[cfg(debug_assertions)]
            {
                let mut whole = Buffer::empty(area);
                view::draw(&mut whole, &self.state, picture);
                assert!(whole == cells, "more than the picture changed");
            }
            return cells;
        }
        let mut cells = self.screen.canvas(area);
        view::draw(&mut cells, &self.state, picture);
        cells
    }

    /// Draws the next frame, if it is not the one that is shown.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(super) fn draw(&mut self) -> anyhow::Result<()> {
        let next = self.next_cells();
        let mut before = std::mem::take(&mut self.pending);
        if let Some(image) = self.pictures.current().and_then(|picture| picture.image())
            && let Some(transmission) = image.send()
        {
            before.extend_from_slice(transmission.as_bytes());
        }
        let after = self.pictures.superseded();
        let overlay = self.pictures.current().and_then(|picture| picture.overlay());
        let mut bytes = self.screen.turn_into(next, overlay, &before, after.as_bytes());
        if bytes.is_empty() {
            return Ok(());
        }
        bytes.extend_from_slice(pace::QUESTION);
        self.pace.sent(bytes.len(), Instant::now());
        terminal::write(&bytes).context("the terminal is gone")
    }
}
