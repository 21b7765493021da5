use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

use super::*;

fn png(width: u32, height: u32, color: ExtendedColorType, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    PngEncoder::new(&mut file).write_image(bytes, width, height, color).unwrap();
    file
}

#[test]
fn alpha_is_laid_on_white_and_sixteen_bits_become_eight() {
    let file = png(2, 1, ExtendedColorType::Rgba8, &[255, 0, 0, 255, 0, 0, 0, 0]);
    assert_eq!(Photo::decode(&file, "a.png").unwrap().rgb, [255, 0, 0, 255, 255, 255]);
    let deep = [0xffff_u16, 0x8080, 0].map(u16::to_ne_bytes).concat();
    assert_eq!(
        Photo::decode(&png(1, 1, ExtendedColorType::Rgb16, &deep), "b.png").unwrap().rgb,
        [255, 128, 0]
    );
    let grey = png(1, 1, ExtendedColorType::L8, &[7]);
    assert_eq!(Photo::decode(&grey, "c.png").unwrap().rgb, [7, 7, 7]);
}

#[test]
fn what_is_no_photo_is_one_sentence() {
    for bytes in [&b""[..], b"hello", b"\x89PNG\r\n\x1a\n", &png(9, 9, ExtendedColorType::L8, &[3; 81])[..60]]
    {
        let error = Photo::decode(bytes, "in\u{1b}.png").unwrap_err().to_string();
        assert!(
            error.starts_with("in\\u{1b}.png: ") && error.contains("; ") && !error.contains('\n'),
            "{error}"
        );
    }
    let error = Photo::open(Path::new("nowhere/at all.png")).unwrap_err().to_string();
    assert_eq!(error, "nowhere/at all.png: there is no such photo; check the path");
    assert!(Photo::open(Path::new("/")).unwrap_err().problem.contains("directory"));
}

#[test]
fn a_bomb_is_refused_from_its_header() {
    // The header of a PNG that claims 20,000 × 20,000 pixels.
    let mut file = png(1, 1, ExtendedColorType::Rgb8, &[0; 3]);
    file[16..24].copy_from_slice(&[20_000_u32.to_be_bytes(), 20_000_u32.to_be_bytes()].concat());
    let sum = crc(&file[12..29]);
    file[29..33].copy_from_slice(&sum.to_be_bytes());
    let error = Photo::decode(&file, "bomb.png").unwrap_err();
    assert_eq!(error.problem, "has 20000×20000 pixels, more than the 64 million that are decoded");
}

/// The checksum of PNG's chunks.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

#[test]
fn a_photo_that_lies_on_its_side_is_turned_upright() {
    // A TIFF says so in its own tag: 2 × 1 pixels, orientation 6 (turn clockwise to see it upright).
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, 3, 1, 2),
        (257, 3, 1, 1),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (274, 3, 1, 6),
        (278, 3, 1, 1),
        (279, 4, 1, 2),
    ];
    let mut file = b"II*\0\x0a\0\0\0\x0a\xc8".to_vec();
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        file.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    file.extend([0; 4]);
    let photo = Photo::decode(&file, "side.tiff").unwrap();
    assert_eq!((photo.width, photo.height, photo.rgb[0], photo.rgb[3]), (1, 2, 10, 200));
}

#[test]
fn fitting_keeps_the_proportions_and_never_enlarges() {
    let photo = Photo { width: 400, height: 100, rgb: vec![77; 120_000] };
    for (limits, size) in [
        ((200, 200), (200, 50)),
        ((1000, 10), (40, 10)),
        ((900, 900), (400, 100)),
        ((1, 1), (1, 1)),
        ((0, 5), (1, 1)),
    ] {
        let fitted = photo.fitted(limits.0, limits.1);
        assert_eq!((fitted.width, fitted.height), size);
        assert_eq!(fitted.rgb.len(), 3 * size.0 * size.1);
        assert!(fitted.rgb.iter().all(|&value| value == 77));
    }
}

#[test]
fn every_preprocessing_is_kerass() {
    let photo = Photo { width: 1, height: 1, rgb: vec![255, 128, 0] };
    let near = |seen: ndarray::Array3<f32>, expected: [f32; 3]| {
        assert!(seen.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{seen:?} {expected:?}");
    };
    near(Preprocessing::Caffe.apply(&photo), [-103.939, 128.0 - 116.779, 255.0 - 123.68]);
    near(
        Preprocessing::Torch.apply(&photo),
        [(1.0 - 0.485) / 0.229, (128.0 / 255.0 - 0.456) / 0.224, -0.406 / 0.225],
    );
    near(Preprocessing::Tf.apply(&photo), [1.0, 128.0 / 127.5 - 1.0, -1.0]);
    near(Preprocessing::None.apply(&photo), [1.0, 128.0 / 255.0, 0.0]);
    let white = Photo { width: 1, height: 1, rgb: vec![255; 3] };
    let grey = |preprocessing: Preprocessing| preprocessing.apply_grey(&white)[(0, 0, 0)];
    assert!((grey(Preprocessing::None) - 1.0).abs() < 1e-6 && (grey(Preprocessing::Tf) - 1.0).abs() < 1e-6);
    assert!(Preprocessing::None.apply_for(64, &photo).is_none());
}

#[test]
fn networks_are_known_by_their_layers_then_by_their_names() {
    use Preprocessing::{Caffe, None as Plain, Tf, Torch};
    let rows: &[(Option<&str>, &str, &[&str], Preprocessing)] = &[
        (None, "head.h5", &["conv1", "bn_conv1", "res2a_branch2a"], Caffe),
        (None, "x.h5", &["conv1_conv", "conv1_bn"], Caffe),
        (None, "x.h5", &["conv1_conv", "conv1_bn", "conv2_block1_1_conv"], Caffe),
        (None, "x.h5", &["resnet50/conv1_conv", "resnet50/conv1_bn"], Caffe),
        (None, "x.h5", &["conv1_conv", "conv2_block1_preact_bn", "conv2_block1_1_conv"], Tf),
        (None, "x.h5", &["conv1_conv", "conv1_bn", "conv2_block1_1_conv", "pool2_conv"], Torch),
        (None, "x.h5", &["block1_conv1", "block1_conv2", "block2_conv1"], Caffe),
        (None, "x.h5", &["block1_conv1", "block1_conv1_bn", "block1_conv2", "block2_sepconv1"], Tf),
        (None, "x.h5", &["conv1", "fire2/squeeze1x1"], Caffe),
        (None, "x.h5", &["stem_conv", "block1a_project_conv"], Torch),
        (None, "x.pth", &["conv1", "bn1", "layer1.0.conv1"], Torch),
        (None, "x.h5", &["conv2d", "dense"], Plain),
        (Some("ResNet50V2"), "x.h5", &["a"], Tf),
        (Some("vgg16"), "x.h5", &["a"], Caffe),
        (Some("sequential"), "resnet50_conv1.npy", &["resnet50_conv1"], Caffe),
        (None, "resnet50-0676ba61.pth", &["a"], Torch),
        (None, "", &[], Plain),
    ];
    for (network, file, layers, expected) in rows {
        let guess = Preprocessing::guess(*network, file, layers.iter().copied());
        assert_eq!(guess, *expected, "{network:?} {file} {layers:?}");
    }
}
