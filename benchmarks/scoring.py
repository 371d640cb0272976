"""SSIMULACRA2 of pairs of PNG files, in the environment of the peers: JSON in, JSON out."""

import json
import sys

from ssimulacra2 import compute_ssimulacra2

print(json.dumps([compute_ssimulacra2(one, other) for one, other in json.load(sys.stdin)]))
