package main

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var phases = map[string]corev1.PodPhase{
	outcomePending:   corev1.PodPending,
	outcomeRunning:   corev1.PodRunning,
	outcomeSucceeded: corev1.PodSucceeded,
	outcomeFailed:    corev1.PodFailed,
}

// setStatus writes what a kubelet reports for a Pod of the given outcome. It
// changes nothing in a Pod that already is in that state.
func setStatus(pod *corev1.Pod, outcome string) {
	status := &pod.Status
	if status.StartTime == nil {
		now := metav1.Now()
		status.StartTime = &now
	}
	status.Phase = phases[outcome]
	if outcome == outcomeFailed {
		status.Reason, status.Message = "Error", "the annotation "+outcomeAnnotation+" asks for a failure"
	}
	setConditions(status, outcome)

	status.InitContainerStatuses = status.InitContainerStatuses[:0:0]
	for _, container := range pod.Spec.InitContainers {
		sidecar := container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
		state := containerState(*status.StartTime, outcome)
		if !sidecar && outcome != outcomePending {
			state = terminated(*status.StartTime, 0)
		}
		status.InitContainerStatuses = append(status.InitContainerStatuses, containerStatus(container, state))
		if !sidecar && outcome != outcomePending {
			status.InitContainerStatuses[len(status.InitContainerStatuses)-1].Ready = true
		}
	}
	status.ContainerStatuses = status.ContainerStatuses[:0:0]
	for _, container := range pod.Spec.Containers {
		state := containerState(*status.StartTime, outcome)
		status.ContainerStatuses = append(status.ContainerStatuses, containerStatus(container, state))
	}
}

func setConditions(status *corev1.PodStatus, outcome string) {
	started, ready, reason := corev1.ConditionTrue, corev1.ConditionTrue, ""
	switch outcome {
	case outcomePending:
		started, ready, reason = corev1.ConditionFalse, corev1.ConditionFalse, "ContainersNotReady"
	case outcomeSucceeded:
		started, ready, reason = corev1.ConditionFalse, corev1.ConditionFalse, "PodCompleted"
	case outcomeFailed:
		started, ready, reason = corev1.ConditionFalse, corev1.ConditionFalse, "PodFailed"
	}
	setCondition(status, corev1.PodScheduled, corev1.ConditionTrue, "")
	setCondition(status, corev1.PodReadyToStartContainers, started, "")
	setCondition(status, corev1.PodInitialized, corev1.ConditionTrue, "")
	setCondition(status, corev1.ContainersReady, ready, reason)
	setCondition(status, corev1.PodReady, ready, reason)
}

// setCondition keeps conditions of others and the time of the last change.
func setCondition(
	status *corev1.PodStatus, kind corev1.PodConditionType, value corev1.ConditionStatus, reason string,
) {
	for index := range status.Conditions {
		condition := &status.Conditions[index]
		if condition.Type != kind {
			continue
		}
		if condition.Status != value {
			condition.Status, condition.LastTransitionTime = value, metav1.Now()
		}
		condition.Reason, condition.Message = reason, ""
		return
	}
	status.Conditions = append(status.Conditions, corev1.PodCondition{
		Type: kind, Status: value, Reason: reason, LastTransitionTime: metav1.Now(),
	})
}

func containerState(started metav1.Time, outcome string) corev1.ContainerState {
	switch outcome {
	case outcomePending:
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
	case outcomeSucceeded:
		return terminated(started, 0)
	case outcomeFailed:
		return terminated(started, 1)
	}
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}}
}

func terminated(started metav1.Time, exitCode int32) corev1.ContainerState {
	reason := "Completed"
	if exitCode != 0 {
		reason = "Error"
	}
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: exitCode, Reason: reason, StartedAt: started, FinishedAt: started,
	}}
}

func containerStatus(container corev1.Container, state corev1.ContainerState) corev1.ContainerStatus {
	running := state.Running != nil
	status := corev1.ContainerStatus{
		Name:    container.Name,
		Image:   container.Image,
		State:   state,
		Ready:   running,
		Started: &running,
	}
	if state.Waiting == nil {
		status.ContainerID = "testbed://" + container.Name
		status.ImageID = container.Image
	}
	return status
}
