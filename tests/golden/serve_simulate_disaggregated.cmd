serve simulate --model llama-3.1-70b --system hgx-h100 --tp 4 --replicas 1 --prefill-replicas 1 --precision fp8 --rate 2 --isl 3000 --osl 200 --requests 60 --ttft 1000 --tpot 30 --json --requests-csv {tmp}/requests.csv
file: requests.csv
