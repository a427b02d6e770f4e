package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// addresses is the size of 192.0.2.0/24, reserved for documentation: nothing
// a test might contact by mistake.
const addresses = 254

// loadBalancers plays the cloud that gives Services their outer addresses.
type loadBalancers struct {
	client   kubernetes.Interface
	services corelisters.ServiceLister

	mutex    sync.Mutex
	assigned int
}

func newLoadBalancers(client kubernetes.Interface, services coreinformers.ServiceInformer) *loadBalancers {
	return &loadBalancers{client: client, services: services.Lister()}
}

func (l *loadBalancers) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return 0, nil
	}
	cached, err := l.services.Services(namespace).Get(name)
	if err != nil || cached.DeletionTimestamp != nil || cached.Spec.Type != corev1.ServiceTypeLoadBalancer ||
		cached.Spec.LoadBalancerClass != nil || len(cached.Status.LoadBalancer.Ingress) > 0 {
		return 0, err
	}
	address, err := l.freeAddress()
	if err != nil {
		return 0, err
	}
	service := cached.DeepCopy()
	service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address}}
	_, err = l.client.CoreV1().Services(namespace).UpdateStatus(ctx, service, metav1.UpdateOptions{})
	return 0, err
}

func (l *loadBalancers) freeAddress() (string, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	used := map[string]bool{}
	services, _ := l.services.List(labels.Everything())
	for _, service := range services {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			used[ingress.IP] = true
		}
	}
	for range addresses {
		address := fmt.Sprintf("192.0.2.%d", l.assigned%addresses+1)
		l.assigned++
		if !used[address] {
			return address, nil
		}
	}
	return "", errors.New("all addresses of 192.0.2.0/24 are taken")
}
