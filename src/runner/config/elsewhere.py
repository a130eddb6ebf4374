"""What others call what can be set and chosen here: Lightning and its template, Keras, scikit-learn, Korean notes."""

from __future__ import annotations

# here -> elsewhere, with blanks between
SETTINGS = {
    "dataset": "data data_name data_set datamodule dataset_name ds 데이터 데이터셋",
    "model": "arch architecture backbone classifier encoder model_name model_type net network 모델 모형",
    "loss": "cost criterion loss_fn loss_function objective 손실 손실함수",
    "metric": "metrics 지표",
    "optimizer": "opt optim optimiser optimizer_name solver 옵티마이저 최적화",
    "scheduler": "learning_rate_scheduler lr_policy lr_schedule lr_scheduler lr_scheduler_type sched schedule",
    "experiment": "exp recipe",
    "name": "exp_name experiment_name run_id run_name task_name",
    "seed": "manual_seed random_seed random_state rng seed_everything",
    "start_from": "checkpoint_path ckpt ckpt_path finetune_from init_from load_from pretrained_path",
    "split_seed": "data_seed",
    "device": "accelerator cpu cuda gpu gpu_id gpu_ids gpus n_gpu no_cuda num_gpus use_cuda use_gpu",
    "devices": "nproc_per_node num_devices num_processes world_size",
    "epochs": "e ep epoch max_epoch max_epochs n_epoch n_epochs nb_epoch num_epoch num_epochs num_train_epochs "
    "에포크 에폭",
    "max_steps": "iterations iters max_iters n_steps num_iterations num_steps steps train_steps",
    "repeat_batch": "overfit_batches",
    "batch_size": "b batch bs mini_batch mini_batch_size per_device_train_batch_size train_batch_size 배치 배치크기",
    "accumulate_steps": "accumulate accumulate_grad_batches accumulation_steps grad_accum grad_accum_steps "
    "gradient_accumulation gradient_accumulation_steps",
    "precision": "amp_dtype dtype mixed_precision",
    "compile": "compile_model jit_compile torch_compile use_compile",
    "eval_batch_size": "per_device_eval_batch_size test_batch_size val_batch_size valid_batch_size",
    "val_fraction": "val val_frac val_pct val_ratio val_size val_split valid_size valid_split validation_split",
    "test_fraction": "test test_frac test_ratio test_size test_split",
    "folds": "cv k_fold k_folds n_folds n_splits num_folds",
    "monitor": "monitor_metric",
    "early_stopping.patience_epochs": "early_stop early_stopping_patience es_patience n_iter_no_change patience",
    "checkpoint.every_epochs": "save_every save_freq save_interval save_period",
    "checkpoint.every_steps": "save_steps",
    "grad_clip_norm": "clip clip_grad clip_grad_norm clipnorm grad_clip gradient_clip gradient_clip_val max_grad_norm",
    "log_every_steps": "log_every log_every_n_steps log_freq log_interval logging_steps",
    "print_every_steps": "print_every print_freq print_interval",
    "profile": "profiler",
    "num_workers": "dataloader_num_workers j n_workers num_proc workers",
    "threads": "cpu_threads n_threads num_threads",
    "data_dir": "data_folder data_path data_root dataroot root",
    "output_dir": "default_root_dir log_dir logdir o out out_dir outdir output results_dir save_dir",
    "tags": "tag",
}
KNOBS = {
    "lr": "base_lr eta init_lr initial_lr learning_rate lernrate lr0 학습률",
    "weight_decay": "decay l2 l2_reg regularization wd",
    "hidden": "hidden_dim hidden_dims hidden_layer_sizes hidden_layers hidden_size hidden_sizes hidden_units units",
    "channels": "filters n_filters num_channels num_filters",
    "activation": "act act_fn activation_fn",
    "dropout": "drop drop_prob drop_rate dropout_p dropout_prob dropout_rate",
    "kernel_size": "kernel",
    "target": "class_column label label_column label_name labels target_col target_column target_name y",
    "path": "csv csv_path data_file file file_path filename filepath",
    "weights": "pretrained",
    "limit": "max_rows max_samples max_train_samples num_samples num_train subset train_size",
}
CHOICES = {
    "float32": "32 32_true fp32 full single",
    "bf16": "bf16_mixed bfloat16",
    "fp16": "16 16_mixed float16 half",
}
OPTIONS = {
    "cross_entropy": "categorical_crossentropy ce log_loss softmax sparse_categorical_crossentropy xent",
    "bce_with_logits": "binary_crossentropy sigmoid",
    "mse": "l2 mean_squared_error squared_error",
    "l1": "absolute_error mae mean_absolute_error",
    "accuracy": "acc",
    "auroc": "auc roc_auc",
    "reduce_lr_on_plateau": "plateau",
    "cosine_annealing_lr": "cos cosine cosine_annealing cosine_decay",
    "linear": "logistic logistic_regression logreg softmax_regression",
    "mlp": "fc fcn feedforward fully_connected",
    "cnn": "convnet conv lenet lenet5",
    "csv": "table tabular",
    "fashion_mnist": "fashion fmnist",
}
