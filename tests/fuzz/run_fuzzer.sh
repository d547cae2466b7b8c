#!/bin/sh
# Runs one fuzzer for its share of STARGATE_FUZZ_SECONDS (60 in all by default), from its seeds and the repository's own
# files. The random seed is fixed, so that the same code meets the same inputs first; to search wider, give it more time.
#   run_fuzzer.sh <fuzz build folder> <fuzzer> <number of fuzzers>
set -eu
fuzzer=$1/tests/fuzz/fuzz_$2
here=$(dirname "$(readlink -f "$0")")
repository=$here/../..
if [ ! -x "$fuzzer" ]; then
  echo "skipped: $fuzzer is not built (cmake --preset fuzz, which needs clang)"
  exit 77
fi
case $2 in  # seeds besides seeds/<fuzzer>: files we ship that this parser reads
  yaml) extra="$repository/catalogue" ;;
  json | model_config) extra="$repository/catalogue/models" ;;
  study | service_study) extra="$repository/studies" ;;
  import | toml | measured | command) extra="$repository/tests/golden/inputs" ;;
  *) extra= ;;
esac
seeds=
for folder in "$here/seeds/$2" $extra; do
  if [ -d "$folder" ]; then seeds="$seeds $folder"; fi
done
found=$1/corpus/$2
mkdir -p "$found"
seconds=$((${STARGATE_FUZZ_SECONDS:-60} / $3))
[ "$seconds" -ge 1 ] || seconds=1
# shellcheck disable=SC2086  # several folders
exec "$fuzzer" -dict="$here/stargate.dict" -max_total_time="$seconds" -seed=1 -max_len=16384 -timeout=20 \
  -rss_limit_mb=3000 -verbosity=0 -print_final_stats=1 -artifact_prefix="$found/" "$found" $seeds
