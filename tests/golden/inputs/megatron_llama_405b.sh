#!/bin/bash
# A launch script as people write them: variables, arrays, continued lines.
export CUDA_DEVICE_MAX_CONNECTIONS=1
GPUS_PER_NODE=8
NUM_NODES=2048
WORLD_SIZE=$(($GPUS_PER_NODE*$NUM_NODES))
TP=8
PP=${PP:-16}

DISTRIBUTED_ARGS=(
    --nproc_per_node $GPUS_PER_NODE
    --nnodes $NUM_NODES
    --master_addr "$MASTER_ADDR"   # set by the scheduler
)
MODEL_ARGS=(
    --num-layers 126
    --hidden-size 16384
    --num-attention-heads 128
    --group-query-attention
    --num-query-groups 8
    --seq-length 8192
)
PARALLEL_ARGS="
    --tensor-model-parallel-size ${TP} \
    --pipeline-model-parallel-size $PP \
    --num-layers-per-virtual-pipeline-stage 1 \
    --account-for-embedding-in-pipeline-split \
    --account-for-loss-in-pipeline-split \
    --sequence-parallel --use-distributed-optimizer"
TRAINING_ARGS=(
    --micro-batch-size 1 --global-batch-size=2048
    --lr 8.0e-5
    --bf16
)
torchrun ${DISTRIBUTED_ARGS[@]} pretrain_gpt.py \
    ${MODEL_ARGS[@]} $PARALLEL_ARGS ${TRAINING_ARGS[@]} \
    --recompute-granularity selective
