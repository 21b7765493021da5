//! `convscope respond`: a kernel's response to a photo, as a picture or as exact numbers.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail};
use ndarray::{Array2, Array3, Axis, s};

use super::RespondArgs;
use super::export::{guessed, png};
use super::layer::{Chosen, shown};
use super::output;
use crate::photo::Photo;
use crate::printable::printable;
use crate::raster::{COLOR_MAPS, Indexed, Raster, ResponseMode, response_limit};
use crate::response::{ConvParams, Padding2d, respond};
use crate::weights::Layout;

/// Of a thousand responses, how many the colours reach to; the strongest, often along the border, are drawn alike.
const SHOWN: f64 = 0.995;

/// `--padding`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaddingChoice {
    /// Half the kernel: at stride 1 the response is as large as the photo.
    Same,
    /// None.
    Valid,
    /// So many zeros on every side.
    Zeros(usize),
}

impl FromStr for PaddingChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "same" => Ok(Self::Same),
            "valid" => Ok(Self::Valid),
            _ => text
                .parse()
                .ok()
                .filter(|&zeros| zeros <= 1024)
                .map(Self::Zeros)
                .ok_or_else(|| "give `same`, `valid`, or a number up to 1024".to_owned()),
        }
    }
}

impl fmt::Display for PaddingChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => write!(f, "same"),
            Self::Valid => write!(f, "valid"),
            Self::Zeros(zeros) => write!(f, "{zeros}"),
        }
    }
}

/// Writes the response.
pub(super) fn run(args: &RespondArgs) -> anyhow::Result<()> {
    let encode: fn(&Array2<f32>) -> anyhow::Result<Vec<u8>> = match output::extension(&args.output).as_str() {
        "npy" => |response| Ok(npy(response)),
        "png" => picture,
        _ => bail!("{}: give a name that ends in .png or .npy", shown(&args.output)),
    };
    output::check(&args.output, &[&args.layer.file, &args.image])?;
    let chosen = Chosen::open(&args.layer)?;
    chosen.check_kernel(args.kernel)?;
    let photo = Photo::open(&args.image)?;
    let input = input(args, &chosen, &photo)?;
    let kernel = chosen.weights.kernel(args.kernel);
    let bias = match (&chosen.weights.bias, args.bias) {
        (_, false) => 0.0,
        (Some(bias), true) => bias[args.kernel],
        (None, true) => bail!("{} has no bias; leave out --bias", printable(&chosen.layer.name)),
    };
    let dilation = chosen.layer.geometry.map_or([1, 1], |geometry| geometry.dilation);
    let size = [kernel.len_of(Axis(1)), kernel.len_of(Axis(2))];
    let padding = match args.padding {
        PaddingChoice::Same => Padding2d::half(size, dilation),
        PaddingChoice::Valid => Padding2d::valid(),
        PaddingChoice::Zeros(zeros) => Padding2d::zeros(zeros),
    };
    let params = ConvParams { stride: [args.stride as usize; 2], padding, dilation };
    let response = respond(input.view(), kernel, &params, bias).with_context(|| shown(&args.image))?;
    output::write(&args.output, &encode(&response)?)
}

/// The channels of the preprocessed photo that the kernel sees.
fn input(args: &RespondArgs, chosen: &Chosen, photo: &Photo) -> anyhow::Result<Array3<f32>> {
    let (kernels, c_in, _, _) = chosen.weights.kernels.dim();
    let groups = groups(chosen).max(1);
    let image = args.preprocess.or(guessed(chosen, &args.layer.file)).apply_for(c_in * groups, photo);
    let Some(image) = image else {
        bail!(
            "{} sees {} channels, and a photo has 3 (or 1 in grey); choose the first convolution of the network",
            printable(&chosen.layer.name),
            c_in * groups
        );
    };
    let first = args.kernel / kernels.div_ceil(groups) * c_in;
    Ok(image.slice_move(s![first..first + c_in, .., ..]))
}

/// Groups of channels that do not see each other: as many as channels where the convolution is depthwise.
fn groups(chosen: &Chosen) -> usize {
    let layer = &chosen.layer;
    match layer.kernels {
        Some((index, Layout::Hwim)) => layer.tensors[index].shape[2],
        Some((index, Layout::Wim)) => layer.tensors[index].shape[1],
        _ => layer.geometry.map_or(1, |geometry| geometry.groups),
    }
}

/// Both signs about the middle of the colour map.
fn picture(response: &Array2<f32>) -> anyhow::Result<Vec<u8>> {
    let limit = response_limit(response.view(), SHOWN);
    let indexed = Indexed::of_response(response.view(), ResponseMode::Signed, &COLOR_MAPS[0], limit);
    let pixels = indexed.indices.iter().map(|&index| indexed.palette[index as usize]).collect();
    png(&Raster { width: indexed.width, height: indexed.height, pixels })
}

/// NumPy's format, version 1.0: magic, version, length of the header, the header as a Python dictionary, then the
/// numbers; the header is filled up so that they begin at a multiple of 64 bytes (numpy.lib.format).
fn npy(response: &Array2<f32>) -> Vec<u8> {
    const BEGIN: usize = 10;
    let (rows, columns) = response.dim();
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let length = (BEGIN + header.len() + 1).next_multiple_of(64) - BEGIN;
    header.extend(std::iter::repeat_n(' ', length - header.len() - 1));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(response.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npy_numbers_begin_at_a_multiple_of_64() {
        let bytes = npy(&Array2::from_elem((3, 1000), 1.5));
        assert_eq!((bytes.len() - 12_000) % 64, 0);
        assert_eq!(bytes[bytes.len() - 12_001], b'\n');
        assert_eq!(usize::from(u16::from_le_bytes([bytes[8], bytes[9]])) + 10, bytes.len() - 12_000);
    }

    #[test]
    fn padding_is_read_as_it_is_printed() {
        for text in ["same", "valid", "0", "3", "1024"] {
            assert_eq!(text.parse::<PaddingChoice>().unwrap().to_string(), text);
        }
        assert!(["-1", "1025", "", "half"].iter().all(|text| text.parse::<PaddingChoice>().is_err()));
    }
}
