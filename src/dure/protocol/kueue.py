"""Names that holders write into their jobs on a Kubernetes cluster: the agent makes them, the portal tells them."""

from __future__ import annotations

# Kueue gives this queue to jobs that name none, if it exists in their namespace ("LocalQueue defaulting").
LOCAL_QUEUE = "default"
# WorkloadPriorityClasses: which of its own jobs an allocation runs first.
PRIORITIES = {"dure-high": 1000, "dure-normal": 100, "dure-low": 10}
GPU_RESOURCE = "nvidia.com/gpu"
