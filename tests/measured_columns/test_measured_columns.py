"""Rules that turn prose into columns: each can hold, none asks for a source, and the program applies the same ones."""
import csv
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import measured_columns as columns  # noqa: E402

BINARY = sys.argv.pop(1) if len(sys.argv) > 1 else "stargate"

TRAINING = dict(
    id="1", source_key="s", framework="Megatron-LM", model="GPT", year="2024", params_b="", layers="24", hidden="2048",
    heads="16", kv_heads="16", ffn_hidden="8192", gated_ffn="no", vocab="51200", moe_experts="", moe_topk="",
    seq_len="2048", accelerator="H100-SXM", accel_mem_gb="80", gpus="16", gpus_per_node="8", intra_node_net="",
    inter_node_net="", precision="bf16", tp="2", sp="yes", pp="1", vpp="", cp="1", ep="1", dp="8", zero_or_fsdp="none",
    microbatch="1", global_batch_seqs="64", recompute="selective", metric="iteration_s", value="1",
    flops_convention="model", notes="", completeness="strict", same_config_rows="1")
SERVING = dict(
    id="1", source_group="s", trust="A", full_config="1", year="2024", engine="vLLM", engine_version="0.8",
    model="Llama 3.1 8B", weights_dtype="bf16", kv_dtype="", accelerator="NVIDIA H100 SXM 80GB", accel_mem_gb="80",
    gpus="1", tp="1", pp="1", ep="", dp="", isl="512", osl="64", concurrency_or_batch="4", request_rate="inf",
    metric="tpot_ms", value="8", percentile="", notes="")
PROSE = {
    "training": [
        dict(framework=f, year=y, precision=p, notes=n, zero_or_fsdp=z, inter_node_net=i, intra_node_net=d)
        for f, y, p, n, z, i, d in [
            ("MaxText/JAX", "2025", "bf16", "SAVE_DOT_ONLY", "FSDP 8 x DP 2", "DCN", "ICI 2D torus 4x4"),
            ("NeMo / Megatron-Core", "2024", "FP8", "non-causal; cuda_graph=none", "ZeRO-1", "400Gb/s per GPU", "NVL8"),
            ("Megatron-LM", "2021", "fp16", "no TP comm overlap", "ZeRO-3", "8x200Gb/s per node", ""),
            ("Megatron-Bridge", "2026", "MXFP8", "modules=['mlp', 'core_attn'] cuda_graph=attn", "", "1600 Gb/s per node", ""),
            ("Composer", "2023", "bf16 PURE", "fp32 grads", "FSDP shard 4", "", ""),
        ]],
    "serving": [
        dict(notes="uniform in [0.8,1.0]x; measured 2025-10-29", engine_version=""),
        dict(notes="max_num_tokens 4096", engine="TensorRT-LLM", engine_version="1.0"),
        dict(engine="vLLM (fork)", engine_version=""),
    ]}


def table(kind, path):
    base = TRAINING if kind == "training" else SERVING
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(base))
        writer.writeheader()
        writer.writerows({**base, "id": str(i), **change} for i, change in enumerate([{}] + PROSE[kind]))


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


class Rules(unittest.TestCase):
    def test_every_rule_says_why_and_none_names_a_source(self):
        rules = columns.read_rules()
        for name, group in itertools.groupby(rules, key=lambda rule: rule["rule"]):
            if name not in ("zero-stage", "gradient-bytes"):  # plain translations
                self.assertTrue(any(rule["why"] for rule in group), name)
        for rule in rules:
            self.assertIn(rule["table"], ("training", "serving"))
            self.assertNotIn("source", rule["when"])

    def test_the_first_rule_that_holds_decides_and_a_filled_cell_stays(self):
        rules = [rule for rule in columns.read_rules() if rule["table"] == "training"]
        rows = [dict(notes="cuda_graph=full", launch="host"), dict(notes="cuda_graph=full_iteration", launch="")]
        columns.convert(rows, rules)
        self.assertEqual([row["launch"] for row in rows], ["host", "whole_step"])

    def test_a_raw_and_a_converted_table_get_the_same_answer(self):
        for kind in ("training", "serving"):
            with tempfile.TemporaryDirectory() as folder:
                raw, converted = f"{folder}/raw.csv", f"{folder}/converted.csv"
                table(kind, raw)
                done = run(sys.executable, str(ROOT / "tools/measured_columns.py"), kind, raw, converted)
                self.assertEqual(done.returncode, 0, done.stderr)
                answers = [run(BINARY, "validate", f"--{kind}", path, "--json") for path in (raw, converted)]
                self.assertEqual(answers[0].returncode, 0, answers[0].stderr)
                self.assertEqual(answers[0].stdout, answers[1].stdout)
                applied = json.loads(answers[0].stdout)["rules_applied"]
                self.assertGreaterEqual(len(applied), 3)

    def test_a_rule_can_be_left_out_and_one_that_is_not_there_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            raw, converted = f"{folder}/raw.csv", f"{folder}/converted.csv"
            table("training", raw)
            script = str(ROOT / "tools/measured_columns.py")
            self.assertEqual(run(sys.executable, script, "training", raw, converted, "--without", "one-copy").returncode, 0)
            with open(converted, newline="", encoding="utf-8") as file:
                self.assertNotIn("one-copy", " ".join(row["rules_applied"] for row in csv.DictReader(file)))
            self.assertIn("no such rule: lunch", run(sys.executable, script, "training", raw, converted, "--without", "lunch").stderr)
            self.assertIn("converted already", run(sys.executable, script, "training", converted, raw).stderr)


if __name__ == "__main__":
    unittest.main()
