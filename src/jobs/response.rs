//! A kernel's response to the photo, made into a picture of exactly the size that is shown.

use std::sync::Arc;
use std::thread;

use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, s};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::latest::{Latest, Stale};
use crate::app::state::{Graphics, KernelOnPhoto, PhotoInput, ResponseFacts, ResponseSpec, Ticket};
use crate::photo::{Photo, Preprocessing};
use crate::raster::{Indexed, response_limits};
use crate::response::{ConvParams, Padding2d, respond_all};
use crate::weights::Weights;

mod sheet;

/// Threads that share a response: it is so small that more would only wait for each other.
const MOST_THREADS: usize = 8;

/// What is to be computed.
#[derive(Clone, Debug)]
pub struct Request {
    /// To be given back with the answer.
    pub ticket: Ticket,
    /// What is wanted.
    pub spec: ResponseSpec,
    /// The layer's weights; `None` where only the photo is wanted.
    pub weights: Option<Arc<Weights>>,
}

/// A picture, not yet encoded for a terminal.
#[derive(Clone, Debug)]
pub enum Drawn {
    /// A response: one number a pixel, through a palette.
    Response(Box<Indexed>),
    /// The photo.
    Photo(Photo),
}

/// A thread that computes the newest request; `answer` encodes and sends, and is not called for stale ones.
///
/// `photo` is called at once, on a thread of its own: it is there when the first kernels are.
pub fn spawn(
    photo: impl FnOnce() -> Photo + Send + 'static,
    answer: impl Fn(Request, Result<(Drawn, ResponseFacts), String>) + Send + Sync + 'static,
) -> Latest<Request> {
    let mut loading = thread::Builder::new().name("photo".to_owned()).spawn(photo).ok();
    let mut loaded = None;
    let mut pool = None;
    Latest::spawn("response", move |request: Request, stale| {
        pool.get_or_insert_with(helpers);
        if let Some(photo) = loading.take().and_then(|loading| loading.join().ok()) {
            loaded = Some(Fed { photo, last: None });
        }
        let Some(photo) = &mut loaded else { return };
        if let Some(result) = compute(&request, photo, stale) {
            answer(request, result);
        }
    })
}

/// This thread and what helps it. It has a pool of its own, which it is one thread of: where it only handed its work to
/// other threads, two of them would have to be woken, and often enough both are on one processor then.
fn helpers() -> Option<ThreadPool> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build().ok()
}

/// The photo, and as it was fed to the network last: from key to key only the kernel changes.
struct Fed {
    photo: Photo,
    last: Option<(Feed, Array3<f32>)>,
}

/// How a photo is fed: into so many columns and rows, and prepared so; `None` is in grey.
type Feed = (usize, usize, Option<Preprocessing>);

impl Fed {
    /// The photo within so many columns and rows, as the kernel meets it: `[channel, row, column]`.
    fn input(&mut self, how: &KernelOnPhoto, width: usize, height: usize) -> ArrayView3<'_, f32> {
        let preprocessing = match how.input {
            PhotoInput::Colour => Some(how.preprocessing),
            PhotoInput::Grey { .. } => None,
        };
        let feed = (width, height, preprocessing);
        let last = self.last.take().filter(|(last, _)| *last == feed);
        let (_, input) = self.last.insert(last.unwrap_or_else(|| {
            let photo = self.photo.fitted(width, height);
            let input = match preprocessing {
                Some(preprocessing) => preprocessing.apply(&photo),
                // −1..1, as networks for grey pictures are mostly fed.
                None => photo.grey().mapv(|brightness| brightness / 127.5 - 1.0).insert_axis(Axis(0)),
            };
            (feed, input)
        }));
        input.view()
    }
}

/// Half-blocks have so few pixels that a 7×7 kernel would see nothing but blobs: the response is computed on a photo up
/// to so many times larger, and the strongest answer of each block is shown.
const LARGEST_POOL: usize = 4;

/// The share of responses that the colours reach: a few strong edges would leave all others pale.
pub const COLORED: f64 = 0.995;

/// The picture's room in pixels, and how many pixels of the response each of them stands for.
fn room(spec: &ResponseSpec, photo: &Photo) -> (usize, usize, usize) {
    let (columns, rows) = (usize::from(spec.cells.0), usize::from(spec.cells.1));
    if spec.facts.graphics == Graphics::Halfblocks {
        let (width, height) = (columns, rows * 2);
        let pool = (photo.width / width.max(1)).max(photo.height / height.max(1)).clamp(1, LARGEST_POOL);
        return (width, height, pool);
    }
    let (cell_width, cell_height) = (usize::from(spec.facts.cell.0), usize::from(spec.facts.cell.1));
    (columns * cell_width, rows * cell_height, 1)
}

fn compute(
    request: &Request,
    photo: &mut Fed,
    stale: &Stale<'_>,
) -> Option<Result<(Drawn, ResponseFacts), String>> {
    let spec = &request.spec;
    let (width, height, pool) = room(spec, &photo.photo);
    let (Some(how), Some(weights)) = (&spec.kernel, &request.weights) else {
        let fitted = photo.photo.fitted(width, height);
        let facts = ResponseFacts { size: (fitted.width as u32, fitted.height as u32), largest: None };
        return Some(Ok((Drawn::Photo(fitted), facts)));
    };
    if let Some(sheet) = &spec.sheet {
        return sheet::compute(spec, how, sheet, weights, photo, stale);
    }
    // A stride makes the response smaller than the photo, so the photo may be larger by as much.
    let input = photo.input(how, width * how.stride[1] * pool, height * how.stride[0] * pool);
    let response = match respond_to(how, weights, &[how.kernel], input, stale)? {
        Ok(responses) => responses.index_axis_move(Axis(0), 0),
        Err(sentence) => return Some(Err(sentence)),
    };
    let pooled = if pool > 1 { strongest(response.view(), pool) } else { response };
    let (limit, largest) = response_limits(pooled.view(), COLORED);
    let picture = Indexed::of_response(pooled.view(), how.mode, how.map, limit);
    let facts = ResponseFacts {
        size: (picture.width as u32, picture.height as u32),
        largest: Some((largest, limit)),
    };
    Some(Ok((Drawn::Response(Box::new(picture)), facts)))
}

/// The responses of these kernels as `[kernel, row, column]`; `None` where they are not wanted any more.
fn respond_to(
    how: &KernelOnPhoto,
    weights: &Weights,
    kernels: &[usize],
    input: ArrayView3<'_, f32>,
    stale: &Stale<'_>,
) -> Option<Result<Array3<f32>, String>> {
    let met = how.input.slices_met(weights.kernels.view()).select(Axis(0), kernels);
    let size = [met.len_of(Axis(2)), met.len_of(Axis(3))];
    let params = ConvParams { stride: how.stride, padding: Padding2d::half(size, [1, 1]), dilation: [1, 1] };
    let responses = respond_all(input, met.view(), None, &params, 1, &|| stale.is_stale());
    if stale.is_stale() {
        return None;
    }
    Some(responses.map_err(|error| error.to_string()))
}

/// Of each block of `pool` × `pool`, the response farthest from zero, with its sign: an average would cancel the dark
/// side of an edge against the bright one. A NaN wins, so that it is seen.
fn strongest(response: ArrayView2<'_, f32>, pool: usize) -> Array2<f32> {
    let (rows, columns) = response.dim();
    Array2::from_shape_fn((rows.div_ceil(pool), columns.div_ceil(pool)), |(row, column)| {
        let (bottom, right) = (((row + 1) * pool).min(rows), ((column + 1) * pool).min(columns));
        let block = response.slice(s![row * pool..bottom, column * pool..right]);
        block.fold(
            0.0,
            |best: f32, &value| if best.is_nan() || value.abs() <= best.abs() { best } else { value },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::strongest;
    use ndarray::array;

    #[test]
    fn pooling_keeps_the_strongest_answer_and_its_sign() {
        let response = array![[1.0, -3.0, 0.5], [2.0, 0.0, -0.25], [0.0, 0.0, f32::NAN]];
        let pooled = strongest(response.view(), 2);
        assert_eq!(pooled.shape(), [2, 2]);
        assert_eq!((pooled[(0, 0)], pooled[(0, 1)], pooled[(1, 0)]), (-3.0, 0.5, 0.0));
        assert!(pooled[(1, 1)].is_nan());
    }
}
