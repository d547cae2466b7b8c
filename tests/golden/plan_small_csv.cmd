plan tests/golden/inputs/small.yaml --csv {tmp}
file: periods.csv
file: limits.csv
file: services.csv
