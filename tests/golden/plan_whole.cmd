plan whole tests/golden/inputs/small.yaml --building 10MW --runs assistant --network 0
