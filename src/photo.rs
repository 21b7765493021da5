//! A photo: decoded within limits, turned upright, fitted, and preprocessed as the network was fed.

use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::{Path, PathBuf};

use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage};
use ndarray::Array2;

use crate::printable::printable;

mod preprocessing;

pub use preprocessing::Preprocessing;

/// Pixels of the largest photo that is decoded: more than any camera in a pocket takes.
const MOST_PIXELS: u64 = 64_000_000;
/// Bytes that a decoder may take for itself, and that its picture may have.
const MOST_BYTES: u64 = 512 << 20;

/// A photo, upright and opaque.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue, 0..255, row after row.
    pub rgb: Vec<u8>,
}

impl std::fmt::Debug for Photo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Photo({}×{})", self.width, self.height)
    }
}

/// Why a photo cannot be used: one sentence with its path and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}; {remedy}", printable(&path.to_string_lossy()))]
pub struct PhotoError {
    /// The file, or the name that stands for it.
    pub path: PathBuf,
    /// What is wrong, in words.
    pub problem: String,
    /// What the user can do.
    pub remedy: String,
}

const OTHER_FILE: &str = "give a PNG, JPEG, GIF, BMP, WebP or TIFF file";
const SMALLER: &str = "shrink it first, for example with `magick IN -resize 2048x2048 OUT`";

impl Photo {
    /// Decodes the photo at `path`, whatever its name ends in.
    ///
    /// # Errors
    /// Where it cannot be read, is no picture, is damaged, or is larger than 64 million pixels.
    pub fn open(path: &Path) -> Result<Self, PhotoError> {
        let error =
            |problem: String, remedy: &str| PhotoError { path: path.into(), problem, remedy: remedy.into() };
        let unreadable = |why: std::io::Error| match why.kind() {
            std::io::ErrorKind::NotFound => error("there is no such photo".into(), "check the path"),
            _ => error(format!("cannot be read ({})", why.kind()), "check its permissions"),
        };
        // Opening a pipe would wait for its writer, so ask first.
        let about = std::fs::metadata(path).map_err(unreadable)?;
        if !about.is_file() {
            let what = if about.is_dir() { "is a directory" } else { "is not a regular file" };
            return Err(error(what.into(), OTHER_FILE));
        }
        let file = std::fs::File::open(path).map_err(unreadable)?;
        Self::read(BufReader::new(file), path)
    }

    /// Decodes a photo from memory; `name` stands for its path in messages.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, PhotoError> {
        Self::read(Cursor::new(bytes), Path::new(name))
    }

    fn read(from: impl BufRead + Seek, path: &Path) -> Result<Self, PhotoError> {
        let error =
            |problem: String, remedy: &str| PhotoError { path: path.into(), problem, remedy: remedy.into() };
        let damaged = |why: image::ImageError| match why {
            image::ImageError::Unsupported(_) => {
                error("is no picture this program can decode".into(), OTHER_FILE)
            }
            image::ImageError::Limits(_) => error("takes too much memory to decode".into(), SMALLER),
            other => error(
                format!("is damaged ({})", printable(&other.to_string())),
                "save it again, or take another",
            ),
        };
        let guessed = ImageReader::new(from).with_guessed_format();
        let mut reader =
            guessed.map_err(|why| error(format!("cannot be read ({})", why.kind()), "try again"))?;
        let mut limits = Limits::default();
        limits.max_alloc = Some(MOST_BYTES);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(damaged)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_BYTES {
            let problem =
                format!("has {width}×{height} pixels, more than the {} million", MOST_PIXELS / 1_000_000);
            return Err(error(format!("{problem} that are decoded"), SMALLER));
        }
        // A photo without a word on its orientation, or with a broken one, is upright.
        let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
        let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
        picture.apply_orientation(orientation);
        let photo = Self::opaque(picture);
        if photo.rgb.is_empty() { Err(error("has no pixels".into(), OTHER_FILE)) } else { Ok(photo) }
    }

    /// What is transparent lies on white, as on paper.
    fn opaque(picture: DynamicImage) -> Self {
        if !picture.color().has_alpha() {
            return Self::of_image(picture.into_rgb8());
        }
        let over_white = |color: u8, alpha: u8| {
            let (color, alpha) = (u32::from(color), u32::from(alpha));
            ((color * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        let picture = picture.into_rgba8();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let rgb = picture.pixels().flat_map(|pixel| {
            let [r, g, b, a] = pixel.0;
            [over_white(r, a), over_white(g, a), over_white(b, a)]
        });
        Self { width, height, rgb: rgb.collect() }
    }

    fn of_image(picture: RgbImage) -> Self {
        Self { width: picture.width() as usize, height: picture.height() as usize, rgb: picture.into_raw() }
    }

    /// The photo no wider than `max_width` and no higher than `max_height`, at least a pixel each way, in its own
    /// proportions; never larger than it is.
    #[must_use]
    pub fn fitted(&self, max_width: usize, max_height: usize) -> Self {
        let fit = |limit: usize, length: usize| limit.max(1) as f64 / length.max(1) as f64;
        let share = fit(max_width, self.width).min(fit(max_height, self.height));
        if share >= 1.0 {
            return self.clone();
        }
        let image = RgbImage::from_raw(self.width as u32, self.height as u32, self.rgb.clone());
        let Some(mut image) = image else { return self.clone() };
        let length =
            |of: usize, most: usize| ((of as f64 * share).round() as usize).clamp(1, most.max(1)) as u32;
        let (width, height) = (length(self.width, max_width), length(self.height, max_height));
        // Averaging first is much faster and, at four times the size, not to be told apart.
        if image.width() > 8 * width && image.height() > 8 * height {
            image = imageops::thumbnail(&image, 4 * width, 4 * height);
        }
        Self::of_image(imageops::resize(&image, width, height, FilterType::Lanczos3))
    }

    /// Its brightness, 0..255, as `[row, column]`: Rec. 601 luma, as Pillow's mode `L`, but not rounded.
    pub fn grey(&self) -> Array2<f32> {
        Array2::from_shape_fn((self.height, self.width), |(y, x)| luma(self.pixel(x, y).map(f32::from)))
    }

    /// Red, green and blue of one pixel.
    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = 3 * (y * self.width + x);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }
}

/// Brightness of red, green and blue after Rec. 601.
fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

#[cfg(test)]
mod tests;
