import tests/golden/inputs/nemo_mixtral.yaml --system hgx-h100
