import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "classifiers"))

from torchvision_operators import declare_operators

declare_operators()
