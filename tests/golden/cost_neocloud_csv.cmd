cost --system hgx-h100 --owner neocloud --cluster 1024 --power 100MW --csv {tmp}/bill.csv
file: bill.csv
