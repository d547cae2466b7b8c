# A torchtitan configuration as Python, read and never run.
def llama3_405b():
    return Trainer.Config(
        training=TrainingConfig(local_batch_size=2, seq_len=8192, steps=3000),
        parallelism=ParallelismConfig(
            data_parallel_shard_degree=64,
            tensor_parallel_degree=8,  # with sequence parallelism
            pipeline_parallel_degree=4,
            pipeline_parallel_schedule="Interleaved1F1B",
        ),
        activation_checkpoint=ActivationCheckpointConfig(mode="selective"),
    )
