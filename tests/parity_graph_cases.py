"""Cases of the comparison with torch: what the nodes of the graph are called, and the types that users see."""

from collections.abc import Iterator

HEAD = ("F = torch.nn.functional; x = torch.rand(2, 3, 4, requires_grad=True) + 0; b3 = torch.rand(2, 3, 4, requires_grad=True) + 0; "
        "v = torch.rand(4, requires_grad=True) + 0; m = torch.rand(3, 3, requires_grad=True) + 0; im = torch.rand(1, 2, 6, 6, requires_grad=True) + 0; "
        "i3 = torch.rand(1, 2, 6, requires_grad=True) + 0; i5 = torch.rand(1, 2, 4, 4, 4, requires_grad=True) + 0; idx = t([0, 1]); mask = torch.rand(2, 3, 4) > 0.5")  # fmt: skip
CALLS = """
x+1 ; 1+x ; x+x ; x-1 ; x-x ; x*2 ; 2*x ; x*x ; x/2 ; 2/x ; x/x ; x**2 ; 2**x ; x**x ; torch.pow(2,x) ; x%2 ; x%b3 ; x//2 ; -x ; abs(x) ;
x.reciprocal() ; x.add(1) ; x.sub(1) ; x.mul(2) ; x.div(2) ; torch.div(x,2,rounding_mode='floor') ; torch.div(x,b3,rounding_mode='trunc') ;
torch.fmod(x,2) ; torch.fmod(x,b3) ; torch.remainder(x,2) ; x.clamp(0,1) ; x.clamp(min=0) ; x.clamp(max=1) ; x.clamp_min(0) ; x.clamp_max(1) ;
x.exp() ; x.log() ; x.log2() ; x.log10() ; x.log1p() ; x.expm1() ; x.exp2() ; x.sqrt() ; x.rsqrt() ; x.sin() ; x.cos() ; x.tan() ; x.asin() ;
x.acos() ; x.atan() ; x.sinh() ; x.cosh() ; x.tanh() ; x.asinh() ; x.sigmoid() ; x.erf() ; x.erfc() ; x.erfinv() ; x.lgamma() ; x.digamma() ;
torch.polygamma(1,x) ; x.sign() ; x.sgn() ; x.floor() ; x.ceil() ; x.round() ; x.round(decimals=1) ; x.trunc() ; x.frac() ; x.square() ; x.logit()
; x.sinc() ; x.relu() ; x.nan_to_num() ; x.deg2rad() ; x.rad2deg() ; torch.atan2(x,b3) ; torch.hypot(x,b3) ; torch.maximum(x,b3) ;
torch.minimum(x,b3) ; torch.fmax(x,b3) ; torch.fmin(x,b3) ; torch.max(x,b3) ; torch.logaddexp(x,b3) ; torch.xlogy(x,b3) ; torch.xlogy(x,2.) ;
torch.lerp(x,b3,0.5) ; torch.lerp(x,b3,x) ; torch.addcmul(x,x,x) ; torch.addcdiv(x,x,x) ; torch.where(mask,x,b3) ; torch.where(mask,x,0.) ;
x.masked_fill(mask,0) ; x.masked_select(mask) ; x.masked_scatter(mask,b3) ; torch.copysign(x,b3) ; torch.float_power(x,2) ; torch.dist(x,b3) ;
x.sum() ; x.sum(0) ; x.sum((0,1)) ; x.sum(dim=0,keepdim=True) ; x.mean() ; x.mean(0) ; x.mean((0,1)) ; x.prod() ; x.max() ; x.max(0).values ;
x.min() ; x.min(0).values ; x.amax() ; x.amax(0) ; x.amin(0) ; x.aminmax().max ; x.median() ; x.median(0).values ; x.nanmedian() ;
x.mode(0).values ; x.kthvalue(1).values ; x.topk(1).values ; x.sort().values ; x.sort(stable=True).values ; torch.msort(x) ; x.var() ; x.var(0) ;
x.std() ; x.std(0) ; torch.var_mean(x)[0] ; torch.std_mean(x)[1] ; x.norm() ; x.norm(2,0) ; x.norm(2,0,True) ; torch.linalg.norm(x) ;
torch.linalg.vector_norm(x,1) ; torch.linalg.matrix_norm(m) ; x.logsumexp(0) ; x.cumsum(0) ; x.cumprod(0) ; x.cummax(0).values ;
x.cummin(0).values ; x.logcumsumexp(0) ; x.nansum() ; x.nanmean() ; x.renorm(2,0,1.) ; x.softmax(0) ; x.log_softmax(0) ; F.softmin(x,0) ; x.diff()
; x.view(-1) ; x.reshape(-1) ; x.flatten() ; x.unflatten(2,(2,2)) ; x.squeeze() ; x[:1].squeeze(0) ; x[:1].squeeze((0,)) ; x.unsqueeze(0) ;
x.transpose(0,1) ; x.permute(2,0,1) ; m.t() ; m.T ; x.mT ; x.movedim(0,1) ; x.swapaxes(0,1) ; x.expand(5,2,3,4) ; x.expand_as(x) ; x.repeat(2,1,1)
; x.tile(2) ; x.split(1)[0] ; x.split(1)[1] ; x.chunk(2)[1] ; x.tensor_split(2)[0] ; x.unbind()[0] ; torch.hsplit(x,3)[0] ; torch.vsplit(x,2)[0] ;
x.select(0,1) ; x.narrow(0,0,1) ; x[0] ; x[0:1] ; x[:,1] ; x[...,0] ; x[None] ; x[idx] ; x[mask] ; x[0,1] ; x[0,1:2] ; x[0:1,idx] ; x[::2] ; x[-1]
; x.index_select(0,idx) ; x.gather(0,torch.zeros(1,3,4,dtype=torch.long)) ; x.take(idx) ; x.take_along_dim(torch.zeros(1,3,4,dtype=torch.long),0)
; x.scatter(0,torch.zeros(1,3,4,dtype=torch.long),b3[:1]) ; x.scatter(0,torch.zeros(1,3,4,dtype=torch.long),1.) ;
x.scatter_add(0,torch.zeros(1,3,4,dtype=torch.long),b3[:1]) ; x.scatter_reduce(0,torch.zeros(1,3,4,dtype=torch.long),b3[:1],'sum') ;
x.index_add(0,idx,b3) ; x.index_copy(0,idx,b3) ; x.index_fill(0,idx,1.) ; x.index_put((idx,),b3) ; x.roll(1) ; x.roll(1,0) ; x.flip(0) ;
torch.fliplr(m) ; x.rot90() ; torch.cat([x,b3]) ; torch.stack([x,b3]) ; torch.hstack([x,b3]) ; torch.vstack([x,b3]) ; torch.dstack([x,b3]) ;
torch.column_stack([x,b3]) ; torch.block_diag(m,m) ; m.tril() ; m.triu() ; v.diag() ; m.diagonal() ; torch.diag_embed(v) ; torch.diagflat(v) ;
m.trace() ; x.unfold(0,1,1) ; x.as_strided((2,),(1,)) ; x.clone() ; x.contiguous() ; x.transpose(0,1).contiguous() ; x.to(torch.float64) ;
x.double() ; x.half() ; x.float() ; x.type(torch.float64) ; x.to('cpu') ; x.view_as(b3) ; m@m ; v@v ; m.mm(m) ; m.mv(v[:3]) ; v.dot(v) ;
x.bmm(x.mT) ; torch.addmm(m,m,m) ; torch.addmv(v[:3],m,v[:3]) ; torch.addr(m,v[:3],v[:3]) ; torch.baddbmm(x@x.mT,x,x.mT) ;
torch.addbmm(m,x@x.mT,x@x.mT) ; torch.outer(v,v) ; torch.ger(v,v) ; torch.einsum('ij,jk->ik',m,m) ; torch.einsum('ij->ji',m) ;
torch.einsum('i,i->',v,v) ; torch.tensordot(m,m,1) ; torch.inner(v,v) ; torch.cross(m,m,dim=1) ; torch.linalg.inv(m) ; torch.inverse(m) ;
torch.linalg.det(m) ; m.det() ; torch.linalg.solve(m,m) ; torch.linalg.cholesky(m@m.T+torch.eye(3)) ; torch.linalg.qr(m)[0] ;
torch.linalg.svd(m)[1] ; torch.linalg.eigh(m+m.T)[0] ; torch.linalg.slogdet(m)[1] ; torch.linalg.pinv(m) ; torch.linalg.matrix_power(m,3) ;
torch.matrix_exp(m) ; torch.cdist(m,m) ; F.pdist(m) ; F.relu(x) ; F.relu6(x) ; F.leaky_relu(x) ; F.elu(x) ; F.selu(x) ; F.celu(x) ; F.gelu(x) ;
F.silu(x) ; F.mish(x) ; F.softplus(x) ; F.logsigmoid(x) ; F.hardtanh(x) ; F.hardsigmoid(x) ; F.hardswish(x) ; F.softsign(x) ; F.tanhshrink(x) ;
F.softshrink(x) ; F.hardshrink(x) ; F.threshold(x,0.5,0.) ; F.prelu(x,torch.rand(1,requires_grad=True)) ; F.rrelu(x,training=True) ; F.glu(x,-1) ;
F.dropout(x) ; F.dropout(x,training=False) ; F.alpha_dropout(x) ; F.dropout2d(im) ; F.linear(x,torch.rand(2,4)) ; F.linear(m,torch.rand(2,3)) ;
F.bilinear(m,m,torch.rand(2,3,3)) ; F.conv1d(i3,torch.rand(2,2,3)) ; F.conv2d(im,torch.rand(2,2,3,3)) ; F.conv3d(i5,torch.rand(2,2,3,3,3)) ;
F.conv_transpose2d(im,torch.rand(2,2,3,3)) ; F.max_pool1d(i3,2) ; F.max_pool2d(im,2) ; F.max_pool3d(i5,2) ; F.avg_pool1d(i3,2) ;
F.avg_pool2d(im,2) ; F.avg_pool3d(i5,2) ; F.adaptive_avg_pool1d(i3,2) ; F.adaptive_avg_pool2d(im,2) ; F.adaptive_avg_pool3d(i5,2) ;
F.adaptive_max_pool1d(i3,2) ; F.adaptive_max_pool2d(im,2) ; F.adaptive_max_pool3d(i5,2) ; F.lp_pool2d(im,2,2) ;
F.max_unpool2d(*F.max_pool2d(im,2,return_indices=True),2) ; F.batch_norm(im,None,None,training=True) ;
F.batch_norm(im,torch.zeros(2),torch.ones(2)) ; F.layer_norm(x,(4,)) ; F.group_norm(im,2) ; F.local_response_norm(im,2) ; F.rms_norm(x,(4,)) ;
F.normalize(x) ; F.interpolate(im,scale_factor=2) ; F.interpolate(im,scale_factor=2,mode='bilinear') ; F.interpolate(im,size=3,mode='bicubic') ;
F.interpolate(im,size=3,mode='area') ; F.interpolate(i3,scale_factor=2) ; F.interpolate(i3,scale_factor=2,mode='linear') ;
F.interpolate(i5,scale_factor=2) ; F.interpolate(i5,scale_factor=2,mode='trilinear') ; F.interpolate(im,size=3,mode='nearest-exact') ;
F.interpolate(im,size=3,mode='bilinear',antialias=True) ; F.upsample(im,scale_factor=2) ; F.pad(im,(1,1)) ; F.pad(im,(1,1,1,1),'reflect') ;
F.pad(im,(1,1,1,1),'replicate') ; F.pad(i3,(1,1),'reflect') ; F.pad(i3,(1,1),'replicate') ; F.pad(i5,(1,1,1,1,1,1),'replicate') ;
F.pad(i5,(1,1,1,1,1,1),'reflect') ; F.pixel_shuffle(im.repeat(1,2,1,1),2) ; F.pixel_unshuffle(im,2) ; F.channel_shuffle(im,2) ; F.unfold(im,2) ;
F.fold(F.unfold(im,2),(6,6),2) ; F.grid_sample(im,torch.rand(1,3,3,2)) ; F.affine_grid(torch.rand(1,2,3,requires_grad=True),(1,2,3,3)) ;
F.embedding(idx,m) ; F.embedding_bag(idx[None],m) ; F.cosine_similarity(m,m) ; F.pairwise_distance(m,m) ; F.mse_loss(x,b3) ; F.l1_loss(x,b3) ;
F.smooth_l1_loss(x,b3) ; F.huber_loss(x,b3) ; F.cross_entropy(m,torch.tensor([0,1,2])) ; F.nll_loss(m,torch.tensor([0,1,2])) ;
F.nll_loss(im,torch.zeros(1,6,6,dtype=torch.long)) ; F.kl_div(x,b3) ; F.binary_cross_entropy(x.sigmoid(),mask.float()) ;
F.binary_cross_entropy_with_logits(x,mask.float()) ; F.poisson_nll_loss(x,b3) ; F.gaussian_nll_loss(m,m,m) ; F.hinge_embedding_loss(x,b3) ;
F.margin_ranking_loss(v,v,torch.ones(4)) ; F.triplet_margin_loss(m,m,m) ; F.multi_margin_loss(m,torch.tensor([0,1,2])) ;
F.multilabel_margin_loss(m,torch.tensor([[0,1,-1]]*3)) ; F.multilabel_soft_margin_loss(m,m.detach()) ; F.cosine_embedding_loss(m,m,torch.ones(3))
; F.ctc_loss(torch.rand(5,2,4,requires_grad=True).log_softmax(2),torch.tensor([[1,2],[3,3]]),torch.tensor([5,4]),torch.tensor([2,2])) ;
F.gumbel_softmax(x) ; torch.fft.rfft(v) ; torch.fft.irfft(torch.fft.rfft(v)) ; torch.complex(v,v) ; torch.view_as_real(torch.complex(v,v)) ;
torch.complex(v,v).real ; torch.complex(v,v).imag ; torch.complex(v,v).abs() ; torch.complex(v,v).angle() ; torch.complex(v,v).conj() ;
torch.polar(v,v) ; x.requires_grad_() ; x.add_(1) ; x.mul_(2) ; x.copy_(b3) ; x.clamp_(0) ; x.relu_() ; x.exp_() ; x.sub_(1) ; x.div_(2) ;
x.pow_(2) ; x.neg_() ; x.sigmoid_() ; x.tanh_() ; x.masked_fill_(mask,0) ; x.index_fill_(0,idx,0) ; x.index_add_(0,idx,b3) ;
x.index_copy_(0,idx,b3) ; x.scatter_(0,torch.zeros(1,3,4,dtype=torch.long),b3[:1]) ; x.index_put_((idx,),b3) ;
x.addcmul_(b3.reshape(x.shape),b3.reshape(x.shape)) ; x.lerp_(b3.reshape(x.shape),.5) ; x.normal_() ; x.uniform_() ; x.bernoulli_() ;
x.exponential_() ; torch.cumulative_trapezoid(v) ; torch.cov(m) ; torch.corrcoef(m) ; torch.cartesian_prod(v,v) ;
torch.meshgrid(v,v,indexing='ij')[0] ; torch.broadcast_tensors(v,m[:,:1])[0] ; torch.broadcast_to(v,(3,4)) ; torch.atleast_2d(v) ;
torch.atleast_3d(v) ; torch.clone(v) ; torch.ravel(m) ; torch.narrow_copy(m,0,0,1) ; torch.select_scatter(m,v[:3],0,0) ;
torch.slice_scatter(m,m[:1],0,0,1) ; torch.diagonal_scatter(m,v[:3]) ; torch.real(v) ; torch.positive(v) ; torch.logit(v) ; torch.i0(v) ;
torch.mvlgamma(v+2,2) ; torch.igamma(v.detach(),v) ; torch.special.ndtr(v) ; torch.addcdiv(v,v,v,value=2) ; x.index_reduce(0,idx,b3,'mean') ;
torch.cumsum(v,0,dtype=torch.float64) ; v.sum(dtype=torch.float64) ; torch.squeeze(m) ; m.unsqueeze(-1).squeeze(-1) ; m.ravel() ; torch.tril(m,1)
; torch.movedim(m,0,1) ; v.unfold(0,2,1) ; v.view(2,2) ; m[m>0.5] ; m.flatten(0,1) ; m[torch.tensor([0,1]),torch.tensor([0,1])] ; m[[0,1]] ;
m[0][0] ; m[0,0] ; m[:,:1] ; m[1:] ; m[:,None] ; m[True] ; v[1:3] ; v[v>0] ; v[0] ; 1-x
"""


def graphs() -> Iterator[str]:
    for code in CALLS.split(";"):
        yield f"{HEAD}; f = ({code.strip()}).grad_fn; [type(f).__name__, f.name(), repr(f).split()[0]]"
    for code in ("[type(f).__name__ for f, _ in (x * b3).grad_fn.next_functions]", "(x * 2).grad_fn.next_functions[1:]", "isinstance((x * 2).grad_fn, type((x * 3).grad_fn))", "isinstance((x * 2).grad_fn, torch.autograd.graph.Node)",
                 "type(torch.ones(1, requires_grad=True).exp().grad_fn.next_functions[0][0]).__name__", "x.detach().grad_fn", "str(x.exp()).split('grad_fn')[-1]",
                 "w = torch.ones(2, requires_grad=True); y = w * 2; y.normal_(); y.sum().backward(); w.grad"):  # fmt: skip
        yield f"{HEAD}; {code}"


SUBJECTS = {"graphs": graphs}
