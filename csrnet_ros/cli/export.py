"""csrnet-export: write a trained network as a file for other programs.

Formats:
  onnx           for ONNX Runtime and all that reads ONNX
  openvino       for OpenVINO: NAME.xml and NAME.bin; to be compiled with
                 INFERENCE_PRECISION_HINT=f32, or some CPUs round to bfloat16
  openvino-int8  the same in 8 bits, chosen by the images of --calibrate; made for any size and
                 without --with-io, the backend openvino-int8 uses it too
  tensorrt       for TensorRT, in half precision, for the GPU that it is made on; without --size
                 for at most 4 images of at most 1536x2048 pixels
  aoti           for libtorch (AOTInductor): for the GPU where there is one, else for the CPU;
                 takes minutes

Input and output, any number N of images unless --size names one:
  --with-io      image uint8 (N, H, W, 3), RGB -> labels uint8 (N, H, W)
  otherwise      x float32 (N, 3, H, W), (RGB - mean) / std -> logits float32 at a quarter of the
                 size; mean, std, classes and colours stand in the file (ONNX, OpenVINO);
                 aoti for a GPU takes and gives float16 instead

Every file is run on drawn streets, and kept only if it labels them as PyTorch in float32 does.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from csrnet_ros.cli.command import HelpFormatter, command
from csrnet_ros.cli.size import size_px
from csrnet_ros.errors import ExportError, ImageError
from csrnet_ros.inference.export import FORMATS, Export, export_network
from csrnet_ros.media.frames import ImageFiles, open_frames, read_image
from csrnet_ros.model import MIN_SIDE_PX, load_checkpoint
from csrnet_ros.training.datasets.street import draw_street

ANY_SIZES = ((96, 160), (181, 243), (250, 130))
"""What a file for images of any size is tried with: even sides and odd ones, wide and tall."""

MOST_CALIBRATION = 100


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='csrnet-export', description=__doc__, formatter_class=HelpFormatter
    )
    parser.add_argument('--weights', type=Path, required=True, help='the checkpoint')
    parser.add_argument('--format', choices=FORMATS, required=True, help='what to write')
    parser.add_argument(
        '--size',
        type=_size,
        default='dynamic',
        metavar='HxW',
        help='of the images, height x width in pixels, or dynamic for any',
    )
    parser.add_argument('--with-io', action='store_true', help='images in, labels out')
    parser.add_argument(
        '--calibrate',
        type=Path,
        default=None,
        metavar='DIR',
        help='a folder of images to choose 8 bits by, such as the camera gives; at most '
        f'{MOST_CALIBRATION} of them are used',
    )
    parser.add_argument(
        '--out',
        type=Path,
        default=None,
        help='the file (default: named as the weights, here; in 8 bits with _int8 appended)',
    )
    args = parser.parse_args(arguments)
    if args.calibrate and args.format != 'openvino-int8':
        parser.error(f'--calibrate is for openvino-int8; {args.format} takes no images')
    if args.calibrate and not args.calibrate.is_dir():
        parser.error(f'--calibrate {args.calibrate}: no such folder; name one that holds images')
    return args


def _size(text: str) -> tuple[int, int] | None:
    return None if text == 'dynamic' else size_px(text)


@command
def main() -> int:
    """Export, and say how the file agrees with PyTorch."""
    args = parse()
    checkpoint = load_checkpoint(args.weights)
    row = FORMATS[args.format]
    out = args.out or Path(args.weights.stem + row.mark + row.suffix)
    export = Export(
        args.format,
        size=args.size,
        with_io=args.with_io,
        calibration=calibration_images(args.calibrate, args.size) if args.calibrate else (),
    )
    sizes = [args.size] if args.size else ANY_SIZES
    images = [
        draw_street(number, height_px=height, width_px=width)[0]
        for number, (height, width) in enumerate(sizes)
    ]
    trial = export_network(checkpoint, export, out, images=images)
    print(
        f'{out}: {row.title}; {100 * trial.agreement:.3f} % of {trial.pixels} pixels have the '
        'label that PyTorch gives them in float32'
    )
    return 0


def calibration_images(folder: Path, size: tuple[int, int] | None) -> list[np.ndarray]:
    """Return at most ``MOST_CALIBRATION`` images of a folder, evenly chosen, RGB uint8 (H, W, 3).

    :param size: height and width that they must have; None for any
    :raises ExportError: if no image can be read, or one is of another size
    :raises ImageError: if the folder holds no image
    """
    files = open_frames(str(folder))
    assert isinstance(files, ImageFiles), 'a folder holds nothing else'
    count = min(len(files.paths), MOST_CALIBRATION)
    chosen = [files.paths[place * len(files.paths) // count] for place in range(count)]
    images = []
    for path in tqdm(chosen, desc='reading', unit='image'):
        try:
            image = read_image(path)
        except ImageError as error:
            tqdm.write(f'skipped: {error}', file=sys.stderr)
            continue
        if size is not None and image.shape[:2] != size:
            raise ExportError(
                f'{path}: an image of {image.shape[0]}x{image.shape[1]} pixels, and --size asks '
                f'for {size[0]}x{size[1]}; give images of that size, or --size dynamic'
            )
        if min(image.shape[:2]) < MIN_SIDE_PX:
            raise ExportError(
                f'{path}: an image of {image.shape[0]}x{image.shape[1]} pixels; each side needs '
                f'at least {MIN_SIDE_PX}'
            )
        images.append(image)
    if not images:
        raise ExportError(f'{folder}: none of its images can be read')
    return images


if __name__ == '__main__':
    sys.exit(main())
