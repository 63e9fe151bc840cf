"""Inside the modules: the SPFM, which adds context, and the SRM, which joins two resolutions."""

from drawing import Drawing, note

from csrnet_ros.model.spfm import GRIDS

CONV, POOL, MAP, SUM = '#dbe7f6', '#f9d9c8', '#fdf3d6', '#bfe3d0'


def draw_modules() -> Drawing:
    """Return the drawing of both modules."""
    drawing = Drawing(1090, 700, title='Inside the SPFM and the SRM')
    draw_spfm(drawing)
    draw_srm(drawing)
    return drawing


def draw_spfm(drawing: Drawing) -> None:
    """Draw the pyramid: averages over coarse grids, beside the map itself."""
    drawing.frame(16, 16, 1058, 284, 'SPFM: shorted pyramid fusion module')
    drawing.box(36, 134, 84, 52, 'map', 'any width', fill=MAP)
    drawing.arrow((120, 160), (156, 160))
    drawing.box(156, 134, 110, 52, '1×1 conv', 'to c channels', fill=CONV)
    for number, rows in enumerate(GRIDS):
        y = 56 + 56 * (number + 1)
        drawing.arrow((266, 160), (290, 160), (290, y + 22), (318, y + 22))
        drawing.box(318, y, 158, 44, f'mean over {rows} rows', 'of square cells', fill=POOL)
        drawing.arrow((476, y + 22), (506, y + 22))
        drawing.box(506, y, 128, 44, '1×1 conv', 'to c/3 channels', fill=CONV)
        drawing.arrow((634, y + 22), (664, y + 22))
        drawing.box(664, y, 104, 44, 'upsampling', fill=POOL)
        drawing.arrow((768, y + 22), (806, y + 22))
    drawing.arrow((266, 160), (290, 160), (290, 74), (806, 74))
    drawing.words(548, 68, 'the map itself, c channels')
    drawing.box(806, 56, 72, 224, 'joined', 'to 2c', fill=SUM)
    drawing.arrow((878, 168), (904, 168))
    drawing.box(904, 142, 84, 52, '1×1 conv', 'to c', fill=CONV)
    drawing.arrow((988, 168), (1010, 168))
    drawing.box(1010, 142, 50, 52, 'map', fill=MAP)


def draw_srm(drawing: Drawing) -> None:
    """Draw how two maps are weighed against each other, channel by channel."""
    drawing.frame(16, 316, 1058, 368, 'SRM: selective resolution module')
    drawing.box(36, 366, 92, 52, 'high', 'H × W', fill=MAP)
    drawing.arrow((128, 392), (164, 392))
    drawing.box(164, 366, 116, 52, '1×1 conv', 'to c channels', fill=CONV)
    drawing.box(36, 580, 92, 52, 'low', 'c, H/2 × W/2', fill=MAP)
    drawing.arrow((128, 606), (164, 606))
    drawing.box(164, 580, 116, 52, 'upsampling', 'to H × W', fill=POOL)
    drawing.arrow((280, 392), (720, 392))
    drawing.arrow((280, 606), (720, 606))
    drawing.arrow((306, 392), (306, 473))
    drawing.arrow((306, 606), (306, 525))
    draw_weights(drawing)
    drawing.box(720, 366, 80, 52, '×', 'weight', fill=SUM)
    drawing.box(720, 580, 80, 52, '×', '1 − weight', fill=SUM)
    drawing.arrow((800, 392), (846, 392), (846, 473))
    drawing.arrow((800, 606), (846, 606), (846, 525))
    drawing.box(822, 473, 48, 52, '+', fill=SUM)
    drawing.arrow((870, 499), (892, 499))
    drawing.box(892, 473, 80, 52, '2 × conv', '1×1, 3×3', fill=CONV)
    drawing.arrow((972, 499), (994, 499))
    drawing.box(994, 473, 68, 52, 'map', 'c, H × W', fill=MAP)
    note(drawing, 36, 664, ['Every convolution is followed by BatchNorm and ReLU.'])


def draw_weights(drawing: Drawing) -> None:
    """Draw the way from the sum of both maps to a weight for each channel of each."""
    drawing.box(282, 473, 48, 52, '+', fill=SUM)
    drawing.arrow((330, 499), (356, 499))
    drawing.box(356, 473, 110, 52, 'mean', 'of each channel', fill=POOL)
    drawing.arrow((466, 499), (492, 499))
    drawing.box(492, 473, 88, 52, 'linear', 'BN, ReLU', fill=CONV)
    drawing.arrow((580, 499), (606, 499))
    drawing.box(606, 473, 96, 52, '2 × linear', 'softmax of 2', fill=CONV)
    drawing.arrow((702, 499), (760, 499), (760, 418))
    drawing.arrow((702, 499), (760, 499), (760, 580))
