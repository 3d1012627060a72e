"""Operations of torch by name, grouped by how they act on a tensor that holds many runs."""

from __future__ import annotations

from torch import Tensor


def _names(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


ELEMENTWISE = _names("""
    abs absolute add sub subtract rsub __rsub__ mul multiply div divide true_divide __rdiv__ __rtruediv__ neg
    negative pow __pow__ __rpow__ __ipow__ sqrt rsqrt square exp exp2 expm1 log log2 log10 log1p sign sgn clamp
    clamp_min clamp_max clip lerp addcmul addcdiv maximum minimum fmax fmin where copysign sigmoid tanh sinh
    cosh sin cos tan asin acos atan arctan atan2 arctan2 asinh erf floor ceil round trunc frac reciprocal isnan
    isfinite isinf eq ne lt le gt ge greater less equal_ logical_and logical_or logical_xor logical_not
    bitwise_and bitwise_or bitwise_not __and__ __or__ __xor__ __invert__ nan_to_num masked_fill fmod remainder
    __rmod__ hypot heaviside relu softplus xlogy float_power copy fill zero clone detach zeros_like ones_like
    empty_like full_like to type type_as double float half bfloat16 bool contiguous requires_grad
""")
"""Operations whose result at an index depends on that index alone, so they need no knowledge of runs."""

TRANSCENDENTAL = _names("""
    pow rpow ipow float_power exp exp2 expm1 log log2 log10 log1p sigmoid expit logit log_sigmoid logsigmoid tanh sinh
    cosh sin cos tan sinc asin acos atan arcsin arccos arctan atan2 arctan2 asinh acosh atanh arcsinh arccosh arctanh
    erf erfc erfinv erfcx lgamma gammaln digamma polygamma i0 i0e hypot xlogy xlog1py logaddexp logaddexp2 softplus
    gelu silu mish elu celu selu softmax log_softmax logsumexp logcumsumexp _softmax _log_softmax
""")
"""Functions that torch may round otherwise in a large tensor than in a small one, without underscores around."""

INPLACE = frozenset(f"{name}_" for name in ELEMENTWISE)
"""Their in-place variants."""

FILLING = ("fill_", "full_like", "masked_fill", "masked_fill_")
"""Operations that take a fill value."""

METADATA = _names("""
    is_complex is_floating_point is_same_size is_contiguous get_device element_size is_inference data_ptr
""")
"""Queries about a tensor that depend on neither its values nor its shape."""

SHAPE_QUERIES = ("numel", "nelement", "dim", "ndimension", "size", "stride")
"""Queries about a shape."""

VIEWS = _names("""
    view reshape flatten ravel transpose t unsqueeze squeeze __getitem__ view_as reshape_as permute movedim
    select narrow chunk split unbind diagonal expand expand_as swapaxes unflatten __get__
""")
"""Operations whose result may share memory with their argument."""

ATTRIBUTE_ACCESS = ("__get__", "__set__", "__delete__")
"""Reading, writing and deleting an attribute."""

TRANSPOSES = [getattr(Tensor, name).__get__ for name in ("T", "mT", "H", "mH")]
"""Getters of the attributes that transpose."""

FACTORIES = _names("tensor as_tensor zeros ones full empty eye scalar_tensor arange linspace")
"""Functions that create a tensor from no other tensor."""
