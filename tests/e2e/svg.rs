//! A terminal's screen as an SVG: half-blocks and frames as shapes, so that they look the same in every font.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// Pixels of a cell: half of one is a square.
const WIDTH: usize = 8;
const HEIGHT: usize = 16;
/// Around the screen.
const MARGIN: usize = 16;

const BACKGROUND: Rgb = [0x16, 0x16, 0x1a];
const FOREGROUND: Rgb = [0xd4, 0xd4, 0xd8];

/// The first 16 colours.
const ANSI: [Rgb; 16] = [
    [0x16, 0x16, 0x1a],
    [0xe0, 0x6c, 0x75],
    [0x98, 0xc3, 0x79],
    [0xd1, 0x9a, 0x66],
    [0x61, 0xaf, 0xef],
    [0xc6, 0x78, 0xdd],
    [0x56, 0xb6, 0xc2],
    [0xc8, 0xc8, 0xcc],
    [0x7c, 0x7c, 0x84],
    [0xff, 0x8b, 0x92],
    [0xb5, 0xe8, 0x90],
    [0xff, 0xc1, 0x7a],
    [0x8c, 0xc8, 0xff],
    [0xe2, 0xa0, 0xf5],
    [0x7f, 0xda, 0xe5],
    [0xff, 0xff, 0xff],
];

type Rgb = [u8; 3];

/// Left, top, width and height in pixels.
type Rect = [usize; 4];

/// Lines of a box: left, right, up, down; 1 is light, 2 is heavy.
const BOXES: &[(char, [u8; 4])] = &[
    ('─', [1, 1, 0, 0]),
    ('│', [0, 0, 1, 1]),
    ('┌', [0, 1, 0, 1]),
    ('┐', [1, 0, 0, 1]),
    ('└', [0, 1, 1, 0]),
    ('┘', [1, 0, 1, 0]),
    ('━', [2, 2, 0, 0]),
    ('┃', [0, 0, 2, 2]),
    ('┏', [0, 2, 0, 2]),
    ('┓', [2, 0, 0, 2]),
    ('┗', [0, 2, 2, 0]),
    ('┛', [2, 0, 2, 0]),
];

/// Draws the screen.
pub(crate) fn of_screen(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (usize::from(rows.get()), usize::from(columns.get()));
    let mut shapes: BTreeMap<Rgb, Vec<Rect>> = BTreeMap::new();
    let mut texts = String::new();
    for row in 0..rows {
        let mut runs = Runs { row, open: None, done: String::new() };
        for column in 0..columns {
            let Some(cell) = screen.cell(row as u16, column as u16) else { continue };
            let (ink, paper) = colours(cell);
            let at = [column * WIDTH, row * HEIGHT];
            if paper != BACKGROUND {
                shapes.entry(paper).or_default().push([at[0], at[1], WIDTH, HEIGHT]);
            }
            let glyph = cell.contents().chars().next().unwrap_or(' ');
            match parts(glyph) {
                Some(parts) => {
                    let moved =
                        parts.into_iter().map(|[x, y, width, height]| [at[0] + x, at[1] + y, width, height]);
                    shapes.entry(ink).or_default().extend(moved);
                    runs.close();
                }
                None => runs.take(column, cell.contents(), ink, cell.bold()),
            }
        }
        runs.close();
        texts += &runs.done;
    }
    written([columns * WIDTH, rows * HEIGHT], shapes, &texts)
}

/// Foreground and background as they are seen.
fn colours(cell: &Cell) -> (Rgb, Rgb) {
    let mut ink = rgb(cell.fgcolor(), FOREGROUND);
    let mut paper = rgb(cell.bgcolor(), BACKGROUND);
    if cell.inverse() {
        std::mem::swap(&mut ink, &mut paper);
    }
    if cell.dim() {
        ink = std::array::from_fn(|at| ink[at].midpoint(paper[at]));
    }
    (ink, paper)
}

fn rgb(color: Color, default: Rgb) -> Rgb {
    match color {
        Color::Default => default,
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Idx(index @ 0..=15) => ANSI[usize::from(index)],
        Color::Idx(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let cube = index - 16;
            [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
        }
        Color::Idx(index) => [8 + 10 * (index - 232); 3],
    }
}

/// The rectangles that a glyph is made of; `None` where it is text.
fn parts(glyph: char) -> Option<Vec<Rect>> {
    let eighth = HEIGHT / 8;
    match glyph {
        '▀' => return Some(vec![[0, 0, WIDTH, HEIGHT / 2]]),
        '▐' => return Some(vec![[WIDTH / 2, 0, WIDTH / 2, HEIGHT]]),
        '▌' => return Some(vec![[0, 0, WIDTH / 2, HEIGHT]]),
        '▁'..='█' => {
            let height = (glyph as usize - '▁' as usize + 1) * eighth;
            return Some(vec![[0, HEIGHT - height, WIDTH, height]]);
        }
        _ => {}
    }
    let (_, [left, right, up, down]) = BOXES.iter().find(|row| row.0 == glyph)?;
    let (x, y) = (WIDTH / 2, HEIGHT / 2);
    let mut lines = Vec::new();
    let half = |weight: u8| usize::from(weight - 1);
    // Each reaches over the middle by its own half, so that corners are closed.
    for (weight, line) in [
        (*left, [0, y - 1, x + 1, 1]),
        (*right, [x - 1, y - 1, WIDTH - x + 1, 1]),
        (*up, [x - 1, 0, 1, y]),
        (*down, [x - 1, y - 1, 1, HEIGHT - y + 1]),
    ] {
        if weight > 0 {
            let flat = line[2] > line[3];
            let [left, top, width, height] = line;
            let thick = half(weight);
            lines.push(if flat {
                [left, top, width, height + thick]
            } else {
                [left, top, width + thick, height]
            });
        }
    }
    Some(lines)
}

/// The texts of one row: cells of one look, with single spaces in them.
struct Runs {
    row: usize,
    open: Option<Run>,
    done: String,
}

struct Run {
    column: usize,
    /// Cells; trailing spaces are not among them.
    cells: usize,
    text: String,
    spaces: usize,
    ink: Rgb,
    bold: bool,
}

impl Runs {
    fn take(&mut self, column: usize, contents: &str, ink: Rgb, bold: bool) {
        if contents.is_empty() || contents == " " {
            let wide = self.open.as_mut().is_some_and(|run| {
                run.spaces += 1;
                run.spaces > 1
            });
            if wide {
                self.close();
            }
            return;
        }
        if self.open.as_ref().is_some_and(|run| run.ink != ink || run.bold != bold) {
            self.close();
        }
        let run = self.open.get_or_insert_with(|| Run {
            column,
            cells: 0,
            text: String::new(),
            spaces: 0,
            ink,
            bold,
        });
        run.text += &" ".repeat(run.spaces);
        run.cells += run.spaces + 1;
        run.spaces = 0;
        run.text += contents;
    }

    fn close(&mut self) {
        let Some(run) = self.open.take() else { return };
        let bold = if run.bold { " font-weight=\"bold\"" } else { "" };
        let (x, y, length) = (run.column * WIDTH, self.row * HEIGHT + 12, run.cells * WIDTH);
        let _ = writeln!(
            self.done,
            "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\" fill=\"{}\"{bold}>{}</text>",
            hex(run.ink),
            escaped(&run.text)
        );
    }
}

/// The text as it stands in the file.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Joins what lies side by side, then what lies below each other: fewer shapes, and no seams between them.
fn joined(mut rects: Vec<Rect>) -> Vec<Rect> {
    for [along, across] in [[0, 1], [1, 0]] {
        rects.sort_by_key(|rect| (rect[across], rect[across + 2], rect[along]));
        let mut fewer: Vec<Rect> = Vec::new();
        for rect in rects {
            match fewer.last_mut() {
                Some(last)
                    if last[across] == rect[across]
                        && last[across + 2] == rect[across + 2]
                        && rect[along] <= last[along] + last[along + 2] =>
                {
                    let end = (last[along] + last[along + 2]).max(rect[along] + rect[along + 2]);
                    last[along + 2] = end - last[along];
                }
                _ => fewer.push(rect),
            }
        }
        rects = fewer;
    }
    rects
}

fn written([width, height]: [usize; 2], shapes: BTreeMap<Rgb, Vec<Rect>>, texts: &str) -> String {
    let (all_width, all_height) = (width + 2 * MARGIN, height + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {all_width} {all_height}\" width=\"{all_width}\" \
         height=\"{all_height}\">\n<title>convscope in a terminal</title>\n\
         <rect width=\"{all_width}\" height=\"{all_height}\" rx=\"8\" fill=\"{}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n<g shape-rendering=\"crispEdges\">\n",
        hex(BACKGROUND)
    );
    for (color, rects) in shapes {
        let _ = write!(svg, "<path fill=\"{}\" d=\"", hex(color));
        for [x, y, width, height] in joined(rects) {
            let _ = write!(svg, "M{x} {y}h{width}v{height}h-{width}z");
        }
        svg += "\"/>\n";
    }
    let _ = write!(
        svg,
        "</g>\n<g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"13.3\" \
         xml:space=\"preserve\">\n{texts}</g>\n</g>\n</svg>\n"
    );
    svg
}
