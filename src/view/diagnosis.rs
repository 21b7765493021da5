//! The judgement of the whole layer: in the statistics pane while the layers have the focus.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::number::short;
use super::theme::{Role, Theme};
use crate::weights::diagnosis::{LayerDiagnosis, VERDICTS, Verdict, stripe};

/// Draws what is known of the layer into the inside of a pane.
pub(super) fn draw(buffer: &mut Buffer, room: Rect, layer: &LayerDiagnosis, theme: Theme) {
    let mut lines = vec![headline(layer, theme), counts(layer, theme, false)];
    let trouble = counts(layer, theme, true);
    if !trouble.spans.is_empty() {
        lines.push(trouble);
    }
    lines.extend(numbers(layer, theme));
    let coverage = coverage(layer, theme);
    if layer.count(Verdict::Oriented) > 0 {
        lines.extend(coverage);
    }
    Paragraph::new(lines).wrap(Wrap { trim: true }).render(room, buffer);
}

/// The layer in a word, and the share behind it.
fn headline(layer: &LayerDiagnosis, theme: Theme) -> Line<'static> {
    let share = match layer.noise_share() {
        Some(share) => format!("{:.0}% noise of {} judged", share * 100.0, layer.judged),
        None => format!("{} kernels", layer.kernels.len()),
    };
    Line::from(vec![
        Span::styled(format!("{}: ", layer.word.name()), theme.style(Role::Accent)),
        Span::raw(share),
    ])
}

/// Kernels of each verdict that there is: what is sound, or what is not.
fn counts(layer: &LayerDiagnosis, theme: Theme, trouble: bool) -> Line<'static> {
    let bad = |verdict| matches!(verdict, Verdict::NotFinite | Verdict::Dead | Verdict::Noise);
    let role = if trouble { Role::Warning } else { Role::Dim };
    let rows = VERDICTS.iter().filter(|row| bad(row.0) == trouble && layer.count(row.0) > 0);
    let words = rows.flat_map(|row| {
        let (count, name) = (layer.count(row.0), row.1);
        [Span::raw(format!("{count} ")), Span::styled(format!("{name}  "), theme.style(role))]
    });
    Line::from(words.collect::<Vec<_>>())
}

fn numbers(layer: &LayerDiagnosis, theme: Theme) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    if let Some(likeness) = &layer.likeness {
        rows.push(("near-duplicates", format!("{} pairs", likeness.duplicates)));
        rows.push(("orthogonality", short(likeness.orthogonality)));
    }
    if let Some(entropy) = layer.entropy.as_ref().filter(|entropy| entropy.null > 0.0) {
        let random =
            entropy.ratio().map_or(String::new(), |ratio| format!(" ({:.0}% random)", ratio * 100.0));
        rows.push(("entropy", format!("{}{random}", short(entropy.value))));
    }
    let line = |(name, value): (&'static str, String)| {
        Line::from(vec![Span::styled(format!("{name:<13} "), theme.style(Role::Dim)), Span::raw(value)])
    };
    rows.into_iter().map(line).collect()
}

/// How many oriented kernels have stripes of each direction, as bars.
fn coverage(layer: &LayerDiagnosis, theme: Theme) -> Vec<Line<'static>> {
    let most = layer.coverage.iter().copied().max().unwrap_or(0).max(1);
    let bins = layer.coverage.iter().enumerate();
    bins.map(|(bin, count)| {
        let degrees = (bin as f64 + 0.5) * 180.0 / layer.coverage.len() as f64;
        let name = format!("{} {:>3.0}–{:<3.0}°  ", stripe(degrees), degrees - 11.25, degrees + 11.25);
        Line::from(vec![
            Span::styled(name, theme.style(Role::Dim)),
            Span::styled("■".repeat(count * 12 / most), theme.style(Role::Border)),
            Span::raw(format!(" {count}")),
        ])
    })
    .collect()
}
