package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

const (
	outcomeAnnotation = "testbed.kubestandby.dev/outcome"
	outcomePending    = "pending"
	outcomeRunning    = "running"
	outcomeFailed     = "failed"
	// outcomeSucceeded is what Pods of Jobs come to; the annotation does not offer it.
	outcomeSucceeded = "succeeded"

	// jobDuration leaves a moment in which the Pod of a Job is seen running.
	jobDuration = time.Second
)

// kubelets plays the kubelets of all nodes of the testbed.
type kubelets struct {
	client kubernetes.Interface
	pods   corelisters.PodLister
	nodes  []string

	mutex    sync.Mutex
	assigned int
}

func newKubelets(client kubernetes.Interface, pods coreinformers.PodInformer, nodes []string) *kubelets {
	return &kubelets{client: client, pods: pods.Lister(), nodes: nodes}
}

func (k *kubelets) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return 0, nil
	}
	cached, err := k.pods.Pods(namespace).Get(name)
	if err != nil || !slices.Contains(k.nodes, cached.Spec.NodeName) {
		return 0, err
	}
	if cached.DeletionTimestamp != nil {
		return 0, k.remove(ctx, cached)
	}
	if cached.Status.Phase == corev1.PodSucceeded || cached.Status.Phase == corev1.PodFailed {
		return 0, nil
	}
	outcome, again := outcomeNow(cached)
	pod := cached.DeepCopy()
	if pod.Status.PodIP == "" && outcome != outcomePending {
		k.assignAddress(pod)
	}
	setStatus(pod, outcome)
	if equality.Semantic.DeepEqual(cached.Status, pod.Status) {
		return again, nil
	}
	_, err = k.client.CoreV1().Pods(namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return again, err
}

// remove ends the graceful deletion, which the API server leaves to kubelets.
func (k *kubelets) remove(ctx context.Context, pod *corev1.Pod) error {
	if *pod.DeletionGracePeriodSeconds == 0 {
		return nil // what keeps it is a finalizer of somebody else
	}
	return k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: new(int64),
		Preconditions:      metav1.NewUIDPreconditions(string(pod.UID)),
	})
}

func (k *kubelets) assignAddress(pod *corev1.Pod) {
	pod.Status.HostIP = loopback
	pod.Status.HostIPs = []corev1.HostIP{{IP: loopback}}
	pod.Status.PodIP = loopback
	if !pod.Spec.HostNetwork {
		pod.Status.PodIP = k.freeAddress()
	}
	pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
}

// freeAddress counts up, and looks at the existing Pods only because the
// counter starts anew when the cluster restarts.
func (k *kubelets) freeAddress() string {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	used := map[string]bool{}
	pods, _ := k.pods.List(labels.Everything())
	for _, pod := range pods {
		used[pod.Status.PodIP] = true
	}
	for {
		k.assigned++
		address := fmt.Sprintf("10.244.%d.%d", k.assigned/254%256, k.assigned%254+1)
		if !used[address] {
			return address
		}
	}
}

// outcomeNow tells what the Pod should be at this moment and, if that will
// change by itself, in how long.
func outcomeNow(pod *corev1.Pod) (string, time.Duration) {
	switch outcome := pod.Annotations[outcomeAnnotation]; outcome {
	case outcomePending, outcomeRunning, outcomeFailed:
		return outcome, 0
	}
	if owner := metav1.GetControllerOf(pod); owner == nil || owner.Kind != "Job" {
		return outcomeRunning, 0
	}
	if pod.Status.StartTime == nil || pod.Status.Phase != corev1.PodRunning {
		return outcomeRunning, jobDuration
	}
	if remaining := jobDuration - time.Since(pod.Status.StartTime.Time); remaining > 0 {
		return outcomeRunning, remaining
	}
	return outcomeSucceeded, 0
}
