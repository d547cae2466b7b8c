validate --cost --worst 3 --rows {tmp}/rows.csv
file: rows.csv
