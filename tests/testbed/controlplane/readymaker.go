package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

const workersPerKind = 4

// reconcile brings one object, named by its "namespace/name" key, to the state
// a real cluster would bring it to. A positive duration asks for another look.
type reconcile func(ctx context.Context, key string) (time.Duration, error)

// readyMaker plays everything outside the control plane: kubelets, the volume
// provisioner and the load balancer. It runs nothing, it only writes statuses.
func readyMaker(arguments []string) int {
	flags := flag.NewFlagSet("ready-maker", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of the cluster")
	nodes := flags.Int("nodes", 2, "number of nodes to create and keep ready")
	nodePrefix := flags.String("node-prefix", "", "what the name of each node starts with")
	storageClass := flags.String("storage-class", "", "default StorageClass to create, none if empty")
	_ = flags.Parse(arguments)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	client, err := newClient(*kubeconfig)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	startControllers(ctx, client, nodeNames(*nodePrefix, *nodes))
	if *storageClass != "" {
		go untilDone(ctx, func() error { return createStorageClass(ctx, client, *storageClass) })
	}
	keepNodesReady(ctx, client, nodeNames(*nodePrefix, *nodes))
	return 0
}

func newClient(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // one client stands for all kubelets, so no limit of a single one fits
	config.UserAgent = "ready-maker"
	return kubernetes.NewForConfig(config)
}

func startControllers(ctx context.Context, client kubernetes.Interface, nodes []string) {
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := newKubelets(client, factory.Core().V1().Pods(), nodes)
	claims := newProvisioner(client, factory)
	services := newLoadBalancers(client, factory.Core().V1().Services())

	run(ctx, "pods", factory.Core().V1().Pods().Informer(), pods.reconcile)
	run(ctx, "claims", factory.Core().V1().PersistentVolumeClaims().Informer(), claims.provision)
	run(ctx, "volumes", factory.Core().V1().PersistentVolumes().Informer(), claims.reclaim)
	run(ctx, "services", factory.Core().V1().Services().Informer(), services.reconcile)
	factory.Start(ctx.Done())
}

// run calls reconcile for every object the informer sees, until ctx is done.
func run(ctx context.Context, kind string, informer cache.SharedIndexInformer, reconcile reconcile) {
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	enqueue := func(object any) {
		if key, err := cache.MetaNamespaceKeyFunc(object); err == nil {
			queue.Add(key)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    enqueue,
		UpdateFunc: func(_, object any) { enqueue(object) },
	})
	if err != nil {
		klog.Fatalf("watching %s: %v", kind, err) // happens only on a stopped informer
	}
	go func() {
		<-ctx.Done()
		queue.ShutDown()
	}()
	for range workersPerKind {
		go func() {
			if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
				return
			}
			for next(ctx, kind, queue, reconcile) {
			}
		}()
	}
}

func next(
	ctx context.Context, kind string, queue workqueue.TypedRateLimitingInterface[string], reconcile reconcile,
) bool {
	key, shutdown := queue.Get()
	if shutdown {
		return false
	}
	defer queue.Done(key)
	again, err := reconcile(ctx, key)
	switch {
	case err == nil, apierrors.IsNotFound(err):
		queue.Forget(key)
	default:
		// A conflict is the ordinary way to learn that the cache is behind.
		if !apierrors.IsConflict(err) {
			klog.Errorf("%s %s: %v", kind, key, err)
		}
		queue.AddRateLimited(key)
	}
	if again > 0 {
		queue.AddAfter(key, again)
	}
	return true
}

// untilDone repeats an action of the start-up, when the API server may still
// lack its own namespaces and roles.
func untilDone(ctx context.Context, action func() error) {
	for action() != nil && ctx.Err() == nil {
		pause(ctx, 200*time.Millisecond)
	}
}

func pause(ctx context.Context, duration time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(duration):
	}
}
